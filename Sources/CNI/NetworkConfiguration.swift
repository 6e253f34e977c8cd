package import JSON

/// The configuration of one plugin, every member kept as it was written.
///
///     {"type":"macvlan","master":"eth1","ipam":{"type":"host-local",…},"capabilities":{"mac":true}}
///
/// - SeeAlso: CNI 1.1.0, "Plugin configuration objects"
package struct NetworkConfiguration: Sendable, Equatable {
    /// The whole object.
    package let object: JSONObject
    /// The plugin's name, which has no path separator.
    package let type: String
    /// What the runtime may hand to it: the members of `capabilities` that are true, in order.
    package let capabilities: [String]

    /// Reads one plugin's object.
    ///
    /// - Throws: ``CNIError`` code 7 if it is no object, has no `type` that names a file, or malformed `capabilities`.
    package init(_ value: JSONValue) throws(CNIError) {
        guard let object = value.object else {
            throw CNIError(.invalidConfiguration, "a plugin configuration is \(value.kind), not an object")
        }
        guard let type = object["type"]?.string, !type.isEmpty else {
            throw CNIError(.invalidConfiguration, "a plugin configuration has no type")
        }
        try DelegateSearch.validate(type: type)
        self.object = object
        self.type = type
        self.capabilities = try Self.capabilities(of: object, type: type)
    }

    private static func capabilities(of object: JSONObject, type: String) throws(CNIError) -> [String] {
        guard let value = object["capabilities"], value != .null else { return [] }
        guard let members = value.object?.members, members.allSatisfy({ $0.value.bool != nil }) else {
            throw CNIError(.invalidConfiguration, "capabilities of \(type) are not an object of true and false")
        }
        return members.filter { $0.value.bool == true }.map(\.key)
    }

    /// The type of the plugin that hands out its addresses; `nil` without one.
    package var ipamType: String? {
        object["ipam"]?["type"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What a configuration carries as `dns` of its own, empty if there is none.
    ///
    /// - Throws: ``CNIError`` code 6 if it is malformed.
    package func dns() throws(CNIError) -> CNIResult.DNS { try CNIResult.DNS(object["dns"]) }

    /// The same configuration with `arguments` laid over its `args.cni`: the arguments win.
    ///
    /// - SeeAlso: Kubernetes Network Custom Resource Definition De-facto Standard 1.3, §4.1.2.1.6, `cni-args`
    package func settingArguments(_ arguments: JSONObject) throws(CNIError) -> NetworkConfiguration {
        guard !arguments.isEmpty else { return self }
        var changed = object
        var args = object["args"]?.object ?? JSONObject()
        args["cni"] = .object((args["cni"]?.object ?? JSONObject()).merging(arguments))
        changed["args"] = .object(args)
        return try NetworkConfiguration(.object(changed))
    }

    /// The same configuration with the members of `more` laid over it: `more` wins.
    package func merging(_ more: JSONObject) throws(CNIError) -> NetworkConfiguration {
        try NetworkConfiguration(.object(object.merging(more)))
    }
}
