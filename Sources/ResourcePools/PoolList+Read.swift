package import JSON
import KubeletAPI
import PCI

extension PoolList {
    /// The domain of a resource name when neither the pool nor the operator names one; the incumbent's.
    package static let defaultPrefix = "intel.com"

    /// Reads the list under `pools` of a hardware configuration.
    ///
    /// Every problem is found at once. What could be read comes along, for those who only want to look; who acts on it sees
    /// to it first that there is no problem.
    ///
    /// - Parameters:
    ///   - value: The list itself; `nil` and null are a list of none.
    ///   - path: Where the list stands in its document: "pools".
    ///   - defaultPrefix: The domain of pools that name none.
    /// - Returns: The pools that could be read, and every problem with its place.
    package static func read(
        _ value: JSONValue?,
        at path: String,
        defaultPrefix: String = defaultPrefix
    ) -> (list: PoolList, problems: [DocumentProblem]) {
        guard let value, value != .null else { return (PoolList(), []) }
        guard let elements = value.array else {
            return (PoolList(), [DocumentProblem(path: path, reason: "expected a list, found \(value.kind)")])
        }
        var list = PoolList()
        var problems: [DocumentProblem] = []
        for (index, element) in elements.enumerated() {
            let place = "\(path)[\(index)]"
            let read = PoolDeclaration.read(element, at: place, defaultPrefix: defaultPrefix)
            problems += read.problems
            guard let pool = read.pool else { continue }
            if let clash = list.clash(with: pool) {
                problems.append(DocumentProblem(path: "\(place).resourceName", reason: clash))
            }
            list.pools.append(pool)
        }
        return (list, problems)
    }

    /// Reads the configuration file of the incumbent device plugin, `{"resourceList": […]}`.
    package static func read(
        incumbent document: JSONValue,
        defaultPrefix: String = defaultPrefix
    ) -> (list: PoolList, problems: [DocumentProblem]) {
        var fields = JSONFields(document)
        fields.require("resourceList")
        let read = read(fields.value("resourceList"), at: "resourceList", defaultPrefix: defaultPrefix)
        return (read.list, fields.finish() + read.problems)
    }

    private func clash(with pool: PoolDeclaration) -> String? {
        if pools.contains(where: { $0.resource == pool.resource }) { return "\(pool.resource) is declared twice" }
        guard let other = pools.first(where: { $0.environmentKey == pool.environmentKey }) else { return nil }
        return "\(pool.resource) and \(other.resource) would both be told to a container as \(pool.environmentKey)"
    }
}

extension PoolDeclaration {
    /// Reads one element; the pool is `nil` if it has no usable name.
    static func read(
        _ value: JSONValue,
        at path: String,
        defaultPrefix: String
    ) -> (pool: PoolDeclaration?, problems: [DocumentProblem]) {
        var fields = JSONFields(value, at: path)
        let resource = readName(from: &fields, defaultPrefix: defaultPrefix)
        let deviceType = readDeviceType(from: &fields)
        let excludesTopology = fields.bool("excludeTopology") ?? false
        let selectors = readSelectors(from: &fields, deviceType: deviceType)
        let additionalInfo = readAdditionalInfo(from: &fields)
        let pool = resource.map {
            PoolDeclaration(
                resource: $0,
                deviceType: deviceType,
                excludesTopology: excludesTopology,
                selectors: selectors,
                additionalInfo: additionalInfo
            )
        }
        return (pool, fields.finish())
    }

    private static func readName(from fields: inout JSONFields, defaultPrefix: String) -> ResourceName? {
        let prefix = fields.string("resourcePrefix") ?? ""
        fields.require("resourceName")
        guard let name = fields.string("resourceName") else { return nil }
        // A dot would be lost in the container's environment variable; the incumbent refuses it too.
        guard !name.contains(".") else {
            fields.report("resourceName", "\"\(name)\" contains '.'; letters, digits, '-' and '_' are allowed")
            return nil
        }
        do throws(ResourceNameError) {
            return try ResourceName("\(prefix.isEmpty ? defaultPrefix : prefix)/\(name)")
        } catch {
            fields.report(prefix.isEmpty || error.rule == .name ? "resourceName" : "resourcePrefix", "\(error)")
            return nil
        }
    }

    private static func readDeviceType(from fields: inout JSONFields) -> DeviceType {
        guard let text = fields.string("deviceType") else { return .netDevice }
        if let type = DeviceType(rawValue: text) { return type }
        let allowed = "netDevice or accelerator"
        fields.report(
            "deviceType",
            text == "auxNetDevice"
                ? "auxNetDevice is not supported yet; \(allowed) is"
                : "\"\(text)\" is no device type; \(allowed) is"
        )
        return .netDevice
    }

    /// One selector or a list of them; none at all takes every device of the type.
    private static func readSelectors(from fields: inout JSONFields, deviceType: DeviceType) -> [DeviceSelector] {
        let place = fields.place(of: "selectors")
        switch fields.value("selectors") {
        case nil: return [DeviceSelector()]
        case .array(let elements):
            if elements.isEmpty {
                fields.report("selectors", "an empty list selects nothing; leave it out for everything")
            }
            return elements.enumerated().map { index, element in
                let read = DeviceSelector.read(element, at: "\(place)[\(index)]", deviceType: deviceType)
                fields.report(read.problems)
                return read.selector
            }
        case .object(let members)?:
            let read = DeviceSelector.read(.object(members), at: place, deviceType: deviceType)
            fields.report(read.problems)
            return [read.selector]
        case let other?:
            fields.report("selectors", "expected an object or a list of objects, found \(other.kind)")
            return []
        }
    }

    private static func readAdditionalInfo(from fields: inout JSONFields) -> [String: [String: String]] {
        var information: [String: [String: String]] = [:]
        for (address, value) in fields.object("additionalInfo")?.members ?? [] {
            let place = "additionalInfo.\(address)"
            if address != "*", PCIAddress(address) == nil {
                fields.report(place, "expected a PCI address such as 0000:3b:02.1, or *")
            }
            guard let members = value.object?.members else {
                fields.report(place, "expected an object, found \(value.kind)")
                continue
            }
            for (key, text) in members {
                guard let text = text.string else {
                    fields.report("\(place).\(key)", "expected a string, found \(text.kind)")
                    continue
                }
                information[address, default: [:]][key] = text
            }
        }
        return information
    }
}
