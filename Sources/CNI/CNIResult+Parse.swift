import Addresses
package import JSON

extension CNIResult {
    /// Reads a result of any version.
    ///
    /// - Parameters:
    ///   - value: The result, an object.
    ///   - assumedVersion: The version of the configuration, meant when the result does not name its own.
    /// - Throws: ``CNIError`` code 1 for a version not spoken here, code 6 with the place for a malformed result.
    package init(_ value: JSONValue, assumedVersion: CNIVersion) throws(CNIError) {
        guard let object = value.object else {
            throw CNIError(.cannotDecode, "a CNI result is \(value.kind), not an object")
        }
        let isVersioned = !(object["cniVersion"]?.string ?? "").isEmpty
        let version = isVersioned ? try CNIVersion.declared(in: value) : assumedVersion
        var reader = ResultReader()
        if version < .v0_3_0 {
            self = try reader.legacy(object)
        } else {
            self.init()
            for element in try reader.list("interfaces", of: object) {
                interfaces.append(try reader.interface(element))
            }
            for element in try reader.list("ips", of: object) { ips.append(try reader.address(element)) }
            for element in try reader.list("routes", of: object) { routes.append(try reader.route(element)) }
            dns = try DNS(object["dns"])
        }
    }
}

extension CNIResult.DNS {
    /// Reads the member `dns` of a result or of a configuration; absent and null are empty.
    ///
    /// - Throws: ``CNIError`` code 6 if it is malformed.
    package init(_ value: JSONValue?) throws(CNIError) {
        self.init()
        guard let value, value != .null else { return }
        let reader = ResultReader(place: "dns")
        guard let object = value.object else { throw reader.wrong("", value, "an object") }
        nameservers = try reader.strings("nameservers", of: object)
        domain = try reader.string("domain", of: object)
        search = try reader.strings("search", of: object)
        options = try reader.strings("options", of: object)
    }
}

/// Reads the parts of a result; `place` says which part, for the error.
private struct ResultReader {
    var place = ""

    func wrong(_ key: String, _ value: JSONValue?, _ expected: String) -> CNIError {
        let path = [place, key].filter { !$0.isEmpty }.joined(separator: ".")
        return CNIError(.cannotDecode, "CNI result: \(path): expected \(expected), found \(value?.text ?? "nothing")")
    }

    mutating func list(_ key: String, of object: JSONObject) throws(CNIError) -> [JSONValue] {
        place = key
        guard let value = object[key], value != .null else { return [] }
        guard let list = value.array else {
            throw CNIError(.cannotDecode, "CNI result: \(key) is \(value.kind), not a list")
        }
        return list
    }

    func members(_ value: JSONValue) throws(CNIError) -> JSONObject {
        guard let object = value.object else { throw wrong("", value, "an object") }
        return object
    }

    func string(_ key: String, of object: JSONObject) throws(CNIError) -> String {
        guard let value = object[key], value != .null else { return "" }
        guard let text = value.string else { throw wrong(key, value, "a string") }
        return text
    }

    func strings(_ key: String, of object: JSONObject) throws(CNIError) -> [String] {
        guard let value = object[key], value != .null else { return [] }
        guard let list = value.array else { throw wrong(key, value, "a list of strings") }
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else { throw wrong(key, value, "a list of strings") }
        return texts
    }

    func number(_ key: String, of object: JSONObject) throws(CNIError) -> UInt64? {
        guard let value = object[key], value != .null else { return nil }
        guard case .number(let number) = value, let whole = number.uint64 else {
            throw wrong(key, value, "a whole number")
        }
        return whole
    }

    func prefix(_ key: String, of object: JSONObject) throws(CNIError) -> IPPrefix {
        guard let prefix = object[key]?.string.flatMap(IPPrefix.init) else {
            throw wrong(key, object[key], "an address with a prefix length")
        }
        return prefix
    }

    func gateway(_ key: String, of object: JSONObject) throws(CNIError) -> IPAddress? {
        let text = try string(key, of: object)
        guard !text.isEmpty else { return nil }
        guard let address = IPAddress(text) else { throw wrong(key, object[key], "an address") }
        return address
    }

    func interface(_ value: JSONValue) throws(CNIError) -> CNIResult.Interface {
        let object = try members(value)
        return CNIResult.Interface(
            name: try string("name", of: object),
            mac: try string("mac", of: object),
            mtu: try number("mtu", of: object) ?? 0,
            sandbox: try string("sandbox", of: object),
            socketPath: try string("socketPath", of: object),
            pciID: try string("pciID", of: object)
        )
    }

    func address(_ value: JSONValue) throws(CNIError) -> CNIResult.Address {
        let object = try members(value)
        var index: Int?
        if let value = object["interface"], value != .null {
            guard let number = value.int else { throw wrong("interface", value, "a whole number") }
            index = number
        }
        return CNIResult.Address(
            try prefix("address", of: object),
            gateway: try gateway("gateway", of: object),
            interface: index
        )
    }

    func route(_ value: JSONValue) throws(CNIError) -> CNIResult.Route {
        let object = try members(value)
        return CNIResult.Route(
            to: try prefix("dst", of: object),
            gateway: try gateway("gw", of: object),
            mtu: try number("mtu", of: object) ?? 0,
            advmss: try number("advmss", of: object) ?? 0,
            priority: try number("priority", of: object) ?? 0,
            table: try number("table", of: object),
            scope: try number("scope", of: object)
        )
    }

    /// The form before 0.3.0: one address of each family, each with its routes, and no interfaces.
    mutating func legacy(_ object: JSONObject) throws(CNIError) -> CNIResult {
        var result = CNIResult()
        for key in ["ip4", "ip6"] {
            place = key
            guard let value = object[key], value != .null else { continue }
            let family = try members(value)
            result.ips.append(
                CNIResult.Address(try prefix("ip", of: family), gateway: try gateway("gateway", of: family))
            )
            for element in try list("routes", of: family) { result.routes.append(try route(element)) }
        }
        result.dns = try CNIResult.DNS(object["dns"])
        return result
    }
}
