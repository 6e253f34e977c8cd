import Addresses
package import JSON

extension CNIResult {
    /// The result in the shape of `version`.
    ///
    /// What an older version has no member for is left out: a newer plugin's MTU is not put before a reader that
    /// does not know it. Before 0.3.0 there is room for the first address of each family and the routes of those
    /// families.
    ///
    /// - Throws: ``CNIError`` code 1 for a version not spoken here, or for a result without addresses before 0.3.0.
    package func json(version: CNIVersion) throws(CNIError) -> JSONValue {
        guard version.isSupported else {
            throw CNIError(.incompatibleVersion, "cannot write a CNI result of version \(version)")
        }
        return .object(version < .v0_3_0 ? try legacy(version) : current(version))
    }

    private func current(_ version: CNIVersion) -> JSONObject {
        var object: JSONObject = ["cniVersion": .string(version.description)]
        if !interfaces.isEmpty { object["interfaces"] = .array(interfaces.map { $0.json(version) }) }
        if !ips.isEmpty { object["ips"] = .array(ips.map { $0.json(version) }) }
        if !routes.isEmpty { object["routes"] = .array(routes.map { $0.json(version) }) }
        if !dns.isEmpty || version < .v1_0_0 { object["dns"] = .object(dns.json) }
        return object
    }

    private func legacy(_ version: CNIVersion) throws(CNIError) -> JSONObject {
        var object: JSONObject = ["cniVersion": .string(version.description)]
        for (key, family) in [("ip4", IPAddress.Family.v4), ("ip6", .v6)] {
            guard let first = ips.first(where: { $0.address.address.family == family }) else { continue }
            var member: JSONObject = ["ip": .string(first.address.description)]
            if let gateway = first.gateway { member["gateway"] = .string(gateway.description) }
            let own = routes.filter { $0.destination.address.family == family }
            if !own.isEmpty { member["routes"] = .array(own.map { $0.json(version) }) }
            object[key] = .object(member)
        }
        guard object.members.count > 1 else {
            throw CNIError(.incompatibleVersion, "a result without addresses cannot be put into version \(version)")
        }
        object["dns"] = .object(dns.json)
        return object
    }
}

extension CNIResult.Interface {
    fileprivate func json(_ version: CNIVersion) -> JSONValue {
        var object: JSONObject = ["name": .string(name)]
        if !mac.isEmpty { object["mac"] = .string(mac) }
        if version >= .v1_1_0, mtu > 0 { object["mtu"] = .number(JSONNumber(mtu)) }
        if !sandbox.isEmpty { object["sandbox"] = .string(sandbox) }
        if version >= .v1_1_0 {
            if !socketPath.isEmpty { object["socketPath"] = .string(socketPath) }
            if !pciID.isEmpty { object["pciID"] = .string(pciID) }
        }
        return .object(object)
    }
}

extension CNIResult.Address {
    fileprivate func json(_ version: CNIVersion) -> JSONValue {
        var object = JSONObject()
        if version < .v1_0_0 { object["version"] = address.address.family == .v4 ? "4" : "6" }
        if let interface { object["interface"] = .number(JSONNumber(interface)) }
        object["address"] = .string(address.description)
        if let gateway { object["gateway"] = .string(gateway.description) }
        return .object(object)
    }
}

extension CNIResult.Route {
    fileprivate func json(_ version: CNIVersion) -> JSONValue {
        var object: JSONObject = ["dst": .string(destination.description)]
        if let gateway { object["gw"] = .string(gateway.description) }
        guard version >= .v1_1_0 else { return .object(object) }
        if mtu > 0 { object["mtu"] = .number(JSONNumber(mtu)) }
        if advmss > 0 { object["advmss"] = .number(JSONNumber(advmss)) }
        if priority > 0 { object["priority"] = .number(JSONNumber(priority)) }
        if let table { object["table"] = .number(JSONNumber(table)) }
        if let scope { object["scope"] = .number(JSONNumber(scope)) }
        return .object(object)
    }
}

extension CNIResult.DNS {
    /// The members that are not empty, as results and network-status carry them.
    package var json: JSONObject {
        var object = JSONObject()
        if !nameservers.isEmpty { object["nameservers"] = .array(nameservers.map(JSONValue.string)) }
        if !domain.isEmpty { object["domain"] = .string(domain) }
        if !search.isEmpty { object["search"] = .array(search.map(JSONValue.string)) }
        if !options.isEmpty { object["options"] = .array(options.map(JSONValue.string)) }
        return object
    }
}
