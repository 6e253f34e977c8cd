package import JSON

/// A network: the plugins that are run for it, in order.
///
///     {"cniVersion":"1.0.0","name":"data","plugins":[{"type":"macvlan",…},{"type":"tuning",…}]}
///
/// A configuration of a single plugin, as they were before lists, becomes a list of one.
///
/// - SeeAlso: CNI 1.1.0, "Network configuration format"
package struct NetworkConfigurationList: Sendable, Equatable {
    package let name: String
    /// The version spoken with its plugins.
    package let version: CNIVersion
    /// Never empty.
    package let plugins: [NetworkConfiguration]
    /// CHECK is not to be run.
    package let isCheckDisabled: Bool
    /// GC is not to be run.
    package let isGCDisabled: Bool
    /// Whether it was written as a single plugin's configuration.
    package let wasSingle: Bool

    /// Reads a list or a single plugin's configuration.
    ///
    /// - Parameters:
    ///   - value: The document.
    ///   - fallbackName: The network's name if the document has none, as a NetworkAttachmentDefinition may leave it out.
    ///   - fallbackVersion: The version if the document has none.
    ///   - folderPlugins: What the folder beside the file holds, see ``folder(of:)``; appended to the list's own.
    /// - Throws: ``CNIError`` code 7 for a malformed document, a name not of the reference library's form, or no
    ///   plugin at all; code 1 if no version it offers is spoken here.
    package init(
        _ value: JSONValue,
        fallbackName: String? = nil,
        fallbackVersion: CNIVersion = .v0_1_0,
        folderPlugins: [JSONValue] = []
    ) throws(CNIError) {
        guard let object = value.object else {
            throw CNIError(.invalidConfiguration, "a network configuration is \(value.kind), not an object")
        }
        self.name = try Self.name(of: object) ?? fallbackName ?? ""
        guard isPlainName(name) else {
            throw CNIError(.invalidConfiguration, "invalid network name \"\(name)\"")
        }
        self.isCheckDisabled = try Self.flag("disableCheck", of: object)
        self.isGCDisabled = try Self.flag("disableGC", of: object)
        self.wasSingle = object["plugins"] == nil && object["type"] != nil
        self.version = try Self.version(of: object, isList: !wasSingle, fallback: fallbackVersion)
        let documents = wasSingle ? [value] : try Self.documents(of: object, folderPlugins)
        var plugins: [NetworkConfiguration] = []
        for document in documents { plugins.append(try NetworkConfiguration(document)) }
        guard !plugins.isEmpty else {
            throw CNIError(.invalidConfiguration, "network \"\(name)\" has no plugins")
        }
        self.plugins = plugins
    }

    /// The folder, named like the network and beside its file, whose `*.conf` files are plugins of the list too.
    ///
    /// - Returns: `nil` for a single plugin's configuration, and for a list that says `loadOnlyInlinedPlugins`.
    /// - Throws: ``CNIError`` code 7 for a malformed document.
    package static func folder(of value: JSONValue) throws(CNIError) -> String? {
        guard let object = value.object, object["plugins"] != nil || object["type"] == nil,
            let name = try name(of: object), isPlainName(name)
        else { return nil }
        return try flag("loadOnlyInlinedPlugins", of: object) ? nil : name
    }

    /// Whether some plugin declares the capability.
    package func declares(_ capability: String) -> Bool {
        plugins.contains { $0.capabilities.contains(capability) }
    }

    private static func name(of object: JSONObject) throws(CNIError) -> String? {
        guard let value = object["name"], value != .null, value != "" else { return nil }
        guard let name = value.string else {
            throw CNIError(.invalidConfiguration, "the network's name is \(value.kind), not a string")
        }
        return name
    }

    private static func documents(
        of object: JSONObject,
        _ folderPlugins: [JSONValue]
    ) throws(CNIError) -> [JSONValue] {
        let inlined = object["plugins"] ?? []
        guard let list = inlined.array else {
            throw CNIError(.invalidConfiguration, "plugins is \(inlined.kind), not a list")
        }
        return try flag("loadOnlyInlinedPlugins", of: object) ? list : list + folderPlugins
    }

    /// Reads a truth value, which the reference library also takes as a string.
    private static func flag(_ key: String, of object: JSONObject) throws(CNIError) -> Bool {
        switch object[key] {
        case nil, .null: return false
        case .bool(let value): return value
        case .string(let text) where text.lowercased() == "true": return true
        case .string(let text) where text.lowercased() == "false": return false
        case .some(let other):
            throw CNIError(.invalidConfiguration, "\(key) is \(other.text), not true or false")
        }
    }

    /// The highest version spoken here among `cniVersion` and, in a list, `cniVersions`.
    private static func version(
        of object: JSONObject,
        isList: Bool,
        fallback: CNIVersion
    ) throws(CNIError) -> CNIVersion {
        guard isList, let offers = object["cniVersions"], offers != .null else {
            return object["cniVersion"] == nil ? fallback : try CNIVersion.declared(in: .object(object))
        }
        guard let list = offers.array, list.allSatisfy({ $0.string != nil }) else {
            throw CNIError(.invalidConfiguration, "cniVersions is not a list of strings")
        }
        let texts = (object["cniVersion"]?.string).map { [$0] } ?? []
        let offered = texts + list.compactMap(\.string)
        guard let highest = offered.compactMap(CNIVersion.init).filter(\.isSupported).max() else {
            throw CNIError(
                .incompatibleVersion,
                "network offers only CNI versions \(offered.joined(separator: ", "))",
                details: "supported: \(CNIVersion.supported.map(\.description).joined(separator: ", "))"
            )
        }
        return highest
    }
}

extension NetworkConfigurationList {
    /// What one of the plugins gets on standard input.
    ///
    /// Everything in its configuration goes along untouched; the network's name and version, the previous result and
    /// `runtimeConfig` are put in.
    ///
    /// - Parameters:
    ///   - plugin: One of ``plugins``.
    ///   - previousResult: On ADD the result of the plugin before it, later the network's final one; `nil` if there
    ///     is none.
    ///   - runtimeConfig: What there is to hand over; the plugin gets the capabilities that it declares.
    ///   - more: Further members the runtime generates, such as the attachments of GC.
    /// - Returns: The request, an object.
    /// - SeeAlso: CNI 1.1.0, "Deriving request configuration from plugin configuration"
    package func request(
        for plugin: NetworkConfiguration,
        previousResult: JSONValue? = nil,
        runtimeConfig: JSONObject = JSONObject(),
        adding more: JSONObject = JSONObject()
    ) -> JSONValue {
        var request = plugin.object
        request["name"] = .string(name)
        request["cniVersion"] = .string(version.description)
        if let previousResult { request["prevResult"] = previousResult }
        var handed = JSONObject()
        for (key, value) in runtimeConfig.members where plugin.capabilities.contains(key) { handed[key] = value }
        if !handed.isEmpty { request["runtimeConfig"] = .object(handed) }
        return .object(request.merging(more))
    }
}
