package import CNI
import JSON
package import KubernetesAPI

/// The CNI configuration of one attachment, ready to be given to delegates.
package struct DelegateConfiguration: Sendable, Equatable {
    /// The object's own text where nothing had to be put in, else the same document with what was.
    package let text: String
    /// The same, read.
    package let list: NetworkConfigurationList
    /// The version the document names; empty if it names none.
    package let version: String

    /// Makes the configuration that `request` needs from what the network's object (or a file) says.
    ///
    /// Put in, and only if it is needed: the object's name where the document has none; `deviceID` and `pciBusID` (for
    /// all plugins of a list, since any of them may be the one that needs it); `cni-args` over `args.cni`. Every other
    /// member and number stays as it was written.
    ///
    /// - Parameters:
    ///   - text: The value of `spec.config`.
    ///   - network: The object's metadata, for its name.
    ///   - request: What the pod asks for.
    ///   - deviceID: The device to use, if the network has a resource.
    /// - Throws: ``SelectionError`` if the text is no CNI configuration, calls this suite itself, or if nothing in it
    ///   declares a capability that the request needs.
    package init(
        _ text: String,
        of network: ObjectMetadata,
        for request: NetworkRequest,
        deviceID: String?
    ) throws(SelectionError) {
        let place = "network \(network.namespace)/\(network.name)"
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: text)
        } catch {
            throw SelectionError(place, "spec.config is not JSON: \(error)")
        }
        let list: NetworkConfigurationList
        do throws(CNIError) {
            list = try NetworkConfigurationList(document, fallbackName: network.name)
        } catch {
            throw SelectionError(place, error.details.isEmpty ? error.message : "\(error.message) (\(error.details))")
        }
        try Self.refuseOurselves(list, place)
        try Self.checkCapabilities(of: list, for: request, place)
        var changed = document.object ?? [:]
        if (changed["name"]?.string ?? "").isEmpty { changed["name"] = .string(network.name) }
        changed = Self.applying(deviceID: deviceID, arguments: request.cniArguments, to: changed)
        self.list = list
        self.version = document["cniVersion"]?.string ?? ""
        self.text = .object(changed) == document ? text : JSONValue.object(changed).text
    }

    private static func applying(deviceID: String?, arguments: JSONObject, to object: JSONObject) -> JSONObject {
        var changed = object
        if let plugins = object["plugins"]?.array {
            changed["plugins"] = .array(plugins.map { put(deviceID, arguments, into: $0) })
            return changed
        }
        return put(deviceID, arguments, into: .object(object)).object ?? object
    }

    private static func put(_ deviceID: String?, _ arguments: JSONObject, into plugin: JSONValue) -> JSONValue {
        guard var object = plugin.object else { return plugin }
        if let deviceID {
            object["deviceID"] = .string(deviceID)
            object["pciBusID"] = .string(deviceID)
        }
        if !arguments.isEmpty {
            var args = object["args"]?.object ?? [:]
            args["cni"] = .object((args["cni"]?.object ?? [:]).merging(arguments))
            object["args"] = .object(args)
        }
        return .object(object)
    }

    /// A network that names the meta-plugin would call it again for ever.
    private static func refuseOurselves(_ list: NetworkConfigurationList, _ place: String) throws(SelectionError) {
        for plugin in list.plugins where ["patchbay", "patchbay-cni"].contains(plugin.type) {
            throw SelectionError(place, "its type \"\(plugin.type)\" is the meta-plugin itself")
        }
    }

    /// "If none of the plugins declares the capability, the attachment must fail": a fixed address that vanishes silently
    /// is worse than a pod that does not start.
    private static func checkCapabilities(
        of list: NetworkConfigurationList,
        for request: NetworkRequest,
        _ place: String
    ) throws(SelectionError) {
        let missing = request.capabilityArguments.keys.filter { !list.declares($0) }
        guard !missing.isEmpty else { return }
        let types = list.plugins.map(\.type).joined(separator: ", ")
        throw SelectionError(
            missing.map { key in
                DocumentProblem(
                    path: "\(request.place).\(annotationKeys[key] ?? key)",
                    reason:
                        "\(place) has no plugin (\(types)) that declares the capability \"\(key)\", so nothing would"
                        + " honour it; add \"capabilities\": {\"\(key)\": true} to the plugin that does"
                )
            }
        )
    }

    /// Where a capability's name and the annotation's key differ.
    private static let annotationKeys = ["infinibandGUID": "infiniband-guid"]
}
