import CNI
import JSON
import LinuxSystem

/// A network's configuration as it was written, and read.
struct NetworkDocument: Equatable {
    /// What the journal keeps: the file's JSON without its white space, the plugins of its folder put in.
    var text: String
    var network: NetworkConfigurationList
}

extension MetaConfiguration {
    /// Finds the default network's configuration.
    ///
    /// - Throws: ``CNIError`` code 7 for a configuration that is not to be used, code 5 if it cannot be read.
    func loadDefaultNetwork() throws(CNIError) -> NetworkDocument {
        let document =
            switch defaultNetwork {
            case .inlined(let value): NetworkDocument(text: value.text, network: try list(value))
            case .reference(let reference): try load(reference)
            }
        try refuseItself(in: document.network)
        return document
    }

    private func load(_ reference: String) throws(CNIError) -> NetworkDocument {
        guard reference.contains("/") else {
            guard let document = try first(in: folder, where: { $0["name"]?.string == reference }) else {
                throw CNIError(
                    .invalidConfiguration,
                    "clusterNetwork \"\(reference)\": no configuration of that name in \(folder)"
                )
            }
            return document
        }
        guard try reading({ () throws(SystemError) in try Directory.isDirectory(reference) }) else {
            return try document(at: reference, try value(at: reference))
        }
        guard let document = try first(in: reference, where: { !isOurOwn($0) }) else {
            throw CNIError(.invalidConfiguration, "clusterNetwork: no configuration in \(reference)")
        }
        return document
    }

    /// The first configuration of a folder, by file name, that `isWanted`.
    private func first(in folder: String, where isWanted: (JSONValue) -> Bool) throws(CNIError) -> NetworkDocument? {
        let names = try reading { () throws(SystemError) in try Directory.entriesIfPresent(folder) } ?? []
        for name in names where Self.extensions.contains(where: name.hasSuffix) {
            let path = "\(folder)/\(name)"
            // One broken file must not hide the others.
            guard let value = try? value(at: path), isWanted(value) else { continue }
            return try document(at: path, value)
        }
        return nil
    }

    private func value(at path: String) throws(CNIError) -> JSONValue {
        let bytes = try reading { () throws(SystemError) in try File.read(path, limit: Self.fileLimit) }
        do throws(JSONError) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw CNIError(.invalidConfiguration, "\(path): \(error)")
        }
    }

    private func document(at path: String, _ value: JSONValue) throws(CNIError) -> NetworkDocument {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        var plugins: [JSONValue] = []
        if let folder = try NetworkConfigurationList.folder(of: value) {
            plugins = try folderPlugins("\(parent)/\(folder)")
        }
        guard !plugins.isEmpty, var object = value.object else {
            return NetworkDocument(text: value.text, network: try list(value))
        }
        object["plugins"] = .array((object["plugins"]?.array ?? []) + plugins)
        // What the folder held at ADD is what DEL must run, whatever is in it then.
        object["loadOnlyInlinedPlugins"] = true
        return NetworkDocument(text: JSONValue.object(object).text, network: try list(.object(object)))
    }

    private func folderPlugins(_ folder: String) throws(CNIError) -> [JSONValue] {
        let names = try reading { () throws(SystemError) in try Directory.entriesIfPresent(folder) } ?? []
        var plugins: [JSONValue] = []
        for name in names where name.hasSuffix(".conf") { plugins.append(try value(at: "\(folder)/\(name)")) }
        return plugins
    }

    private func list(_ value: JSONValue) throws(CNIError) -> NetworkConfigurationList {
        try NetworkConfigurationList(value, fallbackName: name, fallbackVersion: version)
    }

    /// Whether a file is the one that called us: the first of the runtime's folder usually is.
    private func isOurOwn(_ value: JSONValue) -> Bool {
        guard let network = try? list(value) else { return false }
        do throws(CNIError) {
            try refuseItself(in: network)
            return false
        } catch {
            return true
        }
    }

    private func reading<Value>(_ body: () throws(SystemError) -> Value) throws(CNIError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw CNIError(.ioFailure, "cannot read the default network's configuration: \(error)")
        }
    }

    /// In bytes; guards our memory against a configuration that is something else.
    private static let fileLimit = 1 << 20

    private static let extensions = [".conf", ".conflist", ".json"]
}
