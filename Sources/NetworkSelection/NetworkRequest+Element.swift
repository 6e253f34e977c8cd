import Addresses
import JSON

extension NetworkRequest {
    /// Reads one object of the JSON form; the request is whole only if there are no problems.
    ///
    /// Keys without a period belong to the standard, so an unknown one is a mistake; others are somebody's own.
    static func read(
        _ element: JSONValue,
        place: String,
        namespace podNamespace: String
    ) -> (NetworkRequest, [DocumentProblem]) {
        var fields = JSONFields(withoutPrivateKeys(element), at: place)
        fields.require("name")
        let namespace = fields.string("namespace") ?? ""
        var request = NetworkRequest(
            place: place,
            namespace: namespace.isEmpty ? podNamespace : namespace,
            name: fields.string("name") ?? ""
        )
        let legacyInterface = fields.string("interfaceRequest")
        request.interfaceName = (fields.string("interface") ?? legacyInterface).flatMap { $0.isEmpty ? nil : $0 }
        request.readAddresses(&fields)
        request.cniArguments = fields.object("cni-args") ?? [:]
        request.portMappings = readPortMappings(&fields)
        request.bandwidth = readBandwidth(&fields)
        request.readDefaultRoute(&fields)
        request.ipamClaim = fields.string("ipam-claim-reference")
        request.deviceID = fields.string("deviceID")
        var problems = fields.finish()
        if !request.name.isEmpty { problems += request.nameProblems() }
        return (request, problems)
    }

    private static func withoutPrivateKeys(_ element: JSONValue) -> JSONValue {
        guard let object = element.object else { return element }
        var kept = JSONObject()
        for (key, value) in object.members where !key.contains(".") { kept[key] = value }
        return .object(kept)
    }

    private mutating func readAddresses(_ fields: inout JSONFields) {
        if fields.array("ips")?.isEmpty == true { fields.report("ips", "the list is empty") }
        ips = fields.strings("ips")
        for (index, ip) in ips.enumerated() where IPAddress(ip) == nil && IPPrefix(ip) == nil {
            fields.report("ips[\(index)]", "\"\(ip)\" is no IPv4 or IPv6 address with an optional /prefix")
        }
        if let text = fields.string("mac") {
            mac = MACAddress(text)
            if mac?.isAssignable != true {
                fields.report(
                    "mac",
                    "\"\(text)\" is no address of an Ethernet interface, six bytes as 02:00:00:00:00:01"
                )
            }
        }
        infinibandGUID = fields.string("infiniband-guid")
        if let guid = infinibandGUID, HardwareAddress(guid)?.bytes.count != 8 {
            fields.report("infiniband-guid", "\"\(guid)\" is no GUID, eight bytes as 00:11:22:33:44:55:66:77")
        }
    }

    private mutating func readDefaultRoute(_ fields: inout JSONFields) {
        guard fields.value("default-route") != nil else { return }
        var gateways: [IPAddress] = []
        for (index, text) in fields.strings("default-route").enumerated() {
            if let address = IPAddress(text) {
                gateways.append(address)
            } else {
                fields.report("default-route[\(index)]", "\"\(text)\" is no IPv4 or IPv6 address of a gateway")
            }
        }
        defaultRoute = gateways
    }

    private static func readPortMappings(_ fields: inout JSONFields) -> [PortMapping] {
        guard let elements = fields.array("portMappings") else { return [] }
        if elements.isEmpty { fields.report("portMappings", "the list is empty") }
        var mappings: [PortMapping] = []
        for (index, element) in elements.enumerated() {
            var mapping = JSONFields(element, at: fields.place(of: "portMappings[\(index)]"))
            mapping.require("hostPort")
            mapping.require("containerPort")
            let hostPort = mapping.int("hostPort", in: 1...65535)
            let containerPort = mapping.int("containerPort", in: 1...65535)
            let transport = (mapping.string("protocol") ?? "tcp").lowercased()
            if !["tcp", "udp", "sctp"].contains(transport) {
                mapping.report("protocol", "\"\(transport)\" is none of TCP, UDP and SCTP")
            }
            let hostIPText = mapping.string("hostIP").flatMap { $0.isEmpty ? nil : $0 }
            let hostIP = hostIPText.flatMap(IPAddress.init)
            if let hostIPText, hostIP == nil { mapping.report("hostIP", "\"\(hostIPText)\" is no IP address") }
            fields.report(mapping.finish())
            if let hostPort, let containerPort {
                mappings.append(
                    PortMapping(hostPort: hostPort, containerPort: containerPort, transport: transport, hostIP: hostIP)
                )
            }
        }
        return mappings
    }

    private static func readBandwidth(_ fields: inout JSONFields) -> Bandwidth? {
        guard let value = fields.value("bandwidth") else { return nil }
        var limits = JSONFields(value, at: fields.place(of: "bandwidth"))
        let bandwidth = Bandwidth(
            ingressRate: limits.int("ingressRate", in: 1...Int.max),
            ingressBurst: limits.int("ingressBurst", in: 1...Int.max),
            egressRate: limits.int("egressRate", in: 1...Int.max),
            egressBurst: limits.int("egressBurst", in: 1...Int.max)
        )
        for direction in ["ingress", "egress"]
        where limits.has("\(direction)Burst") && !limits.has("\(direction)Rate") {
            limits.report("\(direction)Burst", "needs \(direction)Rate")
        }
        if bandwidth == Bandwidth(), limits.problems.isEmpty { limits.report("", "names no rate") }
        fields.report(limits.finish())
        return bandwidth
    }
}
