import Addresses
package import Attachments
package import CNI
package import JSON
package import PCI

/// What one `sriov` network configuration asks for.
///
///     {"cniVersion":"1.0.0","name":"data","type":"sriov","deviceID":"0000:01:10.0","vlan":100,"vlanQoS":3,
///      "mac":"02:00:00:00:00:01","spoofchk":"on","trust":"off","max_tx_rate":200,"mtu":1500,"ipam":{…}}
///
/// Keys nobody here knows belong to others and are passed over; a known key with a value that has no effect or another
/// than was meant is an error. Key names are taken in any letter case, as the incumbent's decoder does.
package struct SRIOVConfiguration: Equatable, Sendable {
    /// The CNI network's name.
    package var networkName: String
    package var version: CNIVersion
    package var device: PCIAddress
    /// What the PF is to enforce; without rates, see ``minimumRateMbps``.
    package var settings: FunctionSettings
    /// In Mbit/s; `nil` leaves the guarantee alone.
    package var minimumRateMbps: Int?
    /// In Mbit/s; `nil` leaves the limit alone.
    package var maximumRateMbps: Int?
    /// In bytes; `nil` leaves it alone.
    package var mtu: Int?
    /// The plugin that hands out addresses; `nil` if the pod's interface gets none.
    package var ipamType: String?

    /// Reads the configuration as it came on standard input.
    ///
    /// - Parameters:
    ///   - value: The document, `runtimeConfig` included.
    ///   - arguments: `CNI_ARGS`.
    /// - Throws: ``CNIError`` code 1 for a version not spoken here, code 2 for what is asked and not done here, else
    ///   code 7 naming every key that is wrong and its value.
    package init(_ value: JSONValue, arguments: CNIArguments = CNIArguments()) throws(CNIError) {
        let version = try CNIVersion.declared(in: value)
        try Self.refuseInfiniBand(value)
        var reader = ConfigurationReader(value)
        let network = reader.network()
        let device = reader.device()
        let mac = reader.mac(arguments)
        self.settings = reader.settings(mac: mac)
        self.minimumRateMbps = reader.rate("min_tx_rate")
        self.maximumRateMbps = reader.rate("max_tx_rate")
        self.mtu = reader.fields.int("mtu", in: Self.mtuRange)
        self.ipamType = reader.ipamType()
        reader.checkRates(minimumRateMbps, maximumRateMbps)
        reader.checkLogging()
        guard reader.fields.problems.isEmpty, let network, let device else {
            let problems = reader.fields.problems.map(\.description).joined(separator: "; ")
            throw CNIError(.invalidConfiguration, "invalid sriov configuration: \(problems)")
        }
        self.networkName = network
        self.version = version
        self.device = device
    }

    /// The settings to reach on a function that stands as `present`: a rate that is not given stays as it is.
    package func wanted(over present: FunctionSettings) -> FunctionSettings {
        var wanted = settings
        guard minimumRateMbps != nil || maximumRateMbps != nil else { return wanted }
        let rate = present.rate ?? RateLimits()
        wanted.rate = RateLimits(
            minimumMbps: minimumRateMbps ?? rate.minimumMbps,
            maximumMbps: maximumRateMbps ?? rate.maximumMbps
        )
        return wanted
    }

    private static func refuseInfiniBand(_ value: JSONValue) throws(CNIError) {
        guard let guid = value["runtimeConfig"]?["infinibandGUID"], guid != .null else { return }
        throw CNIError(.unsupportedField, "runtimeConfig.infinibandGUID \(guid.text): only Ethernet VFs are attached")
    }

    /// IPv4's least and the greatest the kernel knows (ETH_MAX_MTU); the driver's own limits are narrower.
    private static let mtuRange = 68...65_535
}

/// Reads the known keys and collects what is wrong.
private struct ConfigurationReader {
    var fields: JSONFields
    private let runtime: JSONObject

    init(_ value: JSONValue) {
        self.fields = JSONFields(.object(Self.canonical(value.object ?? JSONObject())))
        if value.object == nil { fields.report("", "expected an object, found \(value.kind)") }
        self.runtime = value["runtimeConfig"]?.object ?? JSONObject()
        if let found = value["runtimeConfig"], found.object == nil, found != .null {
            fields.report("runtimeConfig", "expected an object, found \(found.kind)")
        }
    }

    /// The same members with the known names in their own letter case, unless both are there.
    private static func canonical(_ object: JSONObject) -> JSONObject {
        var canonical = object
        for key in keys where object[key] == nil {
            guard let found = object.keys.first(where: { $0.lowercased() == key.lowercased() }) else { continue }
            canonical[key] = object[found]
        }
        return canonical
    }

    /// A text that is there and not empty: the incumbent takes the empty one as absent.
    private mutating func text(_ key: String) -> String? {
        fields.string(key).flatMap { $0.isEmpty ? nil : $0 }
    }

    private func runtimeText(_ key: String, _ problems: inout [DocumentProblem]) -> String? {
        guard let value = runtime[key], value != .null, value != "" else { return nil }
        if value.string == nil {
            problems.append(
                DocumentProblem(path: "runtimeConfig.\(key)", reason: "expected a string, found \(value.kind)")
            )
        }
        return value.string
    }

    mutating func network() -> String? {
        guard let name = text("name") else {
            fields.report("name", "missing")
            return nil
        }
        return name
    }

    mutating func device() -> PCIAddress? {
        var problems: [DocumentProblem] = []
        let configured = text("deviceID")
        let (key, found) =
            runtimeText("deviceID", &problems).map { ("runtimeConfig.deviceID", $0) } ?? ("deviceID", configured)
        fields.report(problems)
        guard let found else {
            fields.report("deviceID", "missing: the PCI address of the VF, which a device plugin hands over")
            return nil
        }
        guard let address = PCIAddress(found) else {
            fields.report(key, "\"\(found)\" is no PCI address of the form 0000:01:10.0")
            return nil
        }
        return address
    }

    /// The runtime's address before that of `CNI_ARGS` before the configuration's.
    mutating func mac(_ arguments: CNIArguments) -> MACAddress? {
        var problems: [DocumentProblem] = []
        let configured = text("mac").map { ("mac", $0) }
        let argument = arguments["MAC"].flatMap { $0.isEmpty ? nil : ("CNI_ARGS MAC", $0) }
        let runtime = runtimeText("mac", &problems).map { ("runtimeConfig.mac", $0) }
        fields.report(problems)
        guard let (key, found) = runtime ?? argument ?? configured else { return nil }
        guard let mac = MACAddress(found), mac.isAssignable else {
            fields.report(key, "\"\(found)\" is no MAC address that an interface may have")
            return nil
        }
        return mac
    }

    mutating func settings(mac: MACAddress?) -> FunctionSettings {
        FunctionSettings(
            administrativeMAC: mac,
            vlan: vlan(),
            checksSource: onOff("spoofchk"),
            isTrusted: onOff("trust"),
            linkState: word("link_state", FunctionSettings.LinkState.self)
        )
    }

    private mutating func vlan() -> VLANTag? {
        let identifier = fields.int("vlan", in: 0...4094)
        let priority = fields.int("vlanQoS", in: 0...7)
        let tagProtocol = word("vlanProto", VLANTag.TagProtocol.self)
        let isGiven = fields.has("vlan")
        if priority != nil, !isGiven { fields.report("vlanQoS", "needs vlan") }
        if tagProtocol != nil, !isGiven { fields.report("vlanProto", "needs vlan") }
        if let priority, priority != 0, identifier == 0 {
            fields.report("vlanQoS", "\(priority) needs a vlan that is not 0")
        }
        if tagProtocol == .service, identifier == 0 { fields.report("vlanProto", "802.1ad needs a vlan that is not 0") }
        return identifier.map {
            VLANTag(identifier: $0, priority: priority ?? 0, tagProtocol: tagProtocol ?? .customer)
        }
    }

    private mutating func onOff(_ key: String) -> Bool? {
        guard let found = text(key) else { return nil }
        switch found.lowercased() {
        case "on": return true
        case "off": return false
        default:
            fields.report(key, "\"\(found)\" is neither on nor off")
            return nil
        }
    }

    private mutating func word<Word: RawRepresentable & CaseIterable>(_ key: String, _ type: Word.Type) -> Word?
    where Word.RawValue == String {
        guard let found = text(key) else { return nil }
        guard let word = Word(rawValue: found.lowercased()) else {
            fields.report(key, "\"\(found)\" is none of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
            return nil
        }
        return word
    }

    mutating func rate(_ key: String) -> Int? { fields.int(key, in: 0...Int(UInt32.max)) }

    mutating func checkRates(_ minimum: Int?, _ maximum: Int?) {
        guard let minimum, let maximum, maximum != 0, minimum > maximum else { return }
        fields.report("min_tx_rate", "\(minimum) is above max_tx_rate \(maximum)")
    }

    mutating func ipamType() -> String? {
        guard let ipam = fields.object("ipam"), let type = ipam["type"], type != .null, type != "" else { return nil }
        guard let type = type.string else {
            fields.report("ipam.type", "expected a string, found \(type.kind)")
            return nil
        }
        return type
    }

    /// Known to the incumbent; messages go to standard error here, because a tenant may write the configuration and must
    /// not choose a file that root appends to.
    mutating func checkLogging() {
        _ = fields.string("logFile")
        guard let level = text("logLevel") else { return }
        let levels = ["panic", "error", "warning", "info", "debug"]
        if !levels.contains(level.lowercased()) {
            fields.report("logLevel", "\"\(level)\" is none of \(levels.joined(separator: ", "))")
        }
    }

    private static let keys = [
        "name", "deviceID", "mac", "vlan", "vlanQoS", "vlanProto", "spoofchk", "trust", "link_state", "min_tx_rate",
        "max_tx_rate", "mtu", "ipam", "logLevel", "logFile",
    ]
}
