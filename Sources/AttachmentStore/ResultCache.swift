package import Attachments
package import CNI
package import JSON
package import LinuxSystem

/// What delegates answered at ADD, one file an attachment, in the reference library's format.
///
///     <folder>/<network name>-<container ID>-<interface>
///     {"kind":"cniCacheV1","containerId":"…","config":"…base64…","ifName":"net1","networkName":"data",
///      "netns":"/run/netns/pod","cniArgs":[["IgnoreUnknown","1"]],"capabilityArgs":{…},"result":{…}}
///
/// It is given back to delegates at DEL, and tells an ADD that is repeated what the first one answered. It is not synced:
/// losing it loses a convenience, because undoing rests on the journal.
package struct ResultCache: Sendable {
    let folder: String

    /// One attachment that was made.
    package struct Entry: Equatable, Sendable {
        package var containerID: String
        package var networkName: String
        package var interfaceName: String
        /// The text of the network's configuration.
        package var configuration: String
        package var namespacePath: String
        package var arguments: CNIArguments
        package var runtimeConfig: JSONObject
        /// As it was printed; `nil` if the delegate printed none.
        package var result: JSONValue?

        package init(
            containerID: String,
            networkName: String,
            interfaceName: String,
            configuration: String,
            namespacePath: String = "",
            arguments: CNIArguments = CNIArguments(),
            runtimeConfig: JSONObject = JSONObject(),
            result: JSONValue? = nil
        ) {
            self.containerID = containerID
            self.networkName = networkName
            self.interfaceName = interfaceName
            self.configuration = configuration
            self.namespacePath = namespacePath
            self.arguments = arguments
            self.runtimeConfig = runtimeConfig
            self.result = result
        }
    }

    /// Keeps an entry, replacing what was there.
    ///
    /// - Throws: ``SystemError`` of the call that failed.
    package func write(_ entry: Entry) throws(SystemError) {
        try Directory.create(folder)
        try File.write(entry.json.serialized(), to: path(of: entry), mode: 0o600, isDurable: false)
    }

    /// The entry of an attachment; `nil` if there is none, or none that can be read.
    package func read(networkName: String, containerID: String, interfaceName: String) -> Entry? {
        read(fileName(networkName, containerID, interfaceName))
    }

    /// The entries of a container, by file name.
    ///
    /// - Throws: ``SystemError`` if the folder cannot be listed.
    package func entries(containerID: String) throws(SystemError) -> [Entry] {
        let names = try Directory.entriesIfPresent(folder) ?? []
        return names.filter { $0.contains("-\(containerID)-") }.compactMap(read).filter {
            $0.containerID == containerID
        }
    }

    /// Removes an attachment's entry; none is as good.
    ///
    /// - Throws: ``SystemError`` of `unlink`.
    package func remove(networkName: String, containerID: String, interfaceName: String) throws(SystemError) {
        _ = try File.remove("\(folder)/\(fileName(networkName, containerID, interfaceName))")
    }

    /// The entry of a recorded attachment.
    package func read(_ record: AttachmentRecord, containerID: String) -> Entry? {
        read(networkName: record.networkName, containerID: containerID, interfaceName: record.interfaceName)
    }

    /// Removes the entry of an attachment that is no more.
    package func forget(_ record: AttachmentRecord, containerID: String) {
        // What stays is overwritten by the next attachment of that name, or found by nobody.
        try? remove(
            networkName: record.networkName,
            containerID: containerID,
            interfaceName: record.interfaceName
        )
    }

    /// Removes every entry of a container.
    package func forget(containerID: String) {
        // As above.
        for entry in (try? entries(containerID: containerID)) ?? [] { _ = try? File.remove(path(of: entry)) }
    }

    private func path(of entry: Entry) -> String {
        "\(folder)/\(fileName(entry.networkName, entry.containerID, entry.interfaceName))"
    }

    private func fileName(_ networkName: String, _ containerID: String, _ interfaceName: String) -> String {
        "\(networkName)-\(containerID)-\(interfaceName)"
    }

    private func read(_ name: String) -> Entry? {
        // A cache that cannot be read is no cache: a plugin must cope without a previous result (CNI 1.1.0, DEL).
        guard let bytes = try? File.read("\(folder)/\(name)", limit: Self.fileLimit),
            let value = try? JSONValue(parsing: bytes)
        else { return nil }
        return Entry(value)
    }

    /// In bytes; guards our memory against a file that is something else.
    private static let fileLimit = 4 << 20
}

extension StateDirectory {
    /// What delegates of this node's pods answered.
    package var results: ResultCache { ResultCache(folder: "\(path)/results") }

    /// What the plugin answered for an attachment of a journal; `nil` as long as it has not.
    ///
    /// An answer of the `sriov` role stands in the journal itself.
    package func result(of record: AttachmentRecord, containerID: String) -> JSONValue? {
        record.result ?? results.read(record, containerID: containerID)?.result
    }
}

extension ResultCache.Entry {
    fileprivate static let kind: JSONValue = "cniCacheV1"

    var json: JSONValue {
        var object: JSONObject = [
            "kind": Self.kind, "containerId": .string(containerID),
            "config": .string(Base64.encode(Array(configuration.utf8))), "ifName": .string(interfaceName),
            "networkName": .string(networkName), "netns": .string(namespacePath),
        ]
        if !arguments.pairs.isEmpty {
            object["cniArgs"] = .array(arguments.pairs.map { [.string($0.key), .string($0.value)] })
        }
        if !runtimeConfig.isEmpty { object["capabilityArgs"] = .object(runtimeConfig) }
        object["result"] = result
        return .object(object)
    }

    init?(_ value: JSONValue) {
        guard value["kind"] == Self.kind, let containerID = value["containerId"]?.string,
            let networkName = value["networkName"]?.string, let interfaceName = value["ifName"]?.string,
            let bytes = value["config"]?.string.flatMap(Base64.decode),
            let configuration = String(validating: bytes, as: UTF8.self)
        else { return nil }
        self.init(
            containerID: containerID,
            networkName: networkName,
            interfaceName: interfaceName,
            configuration: configuration,
            namespacePath: value["netns"]?.string ?? "",
            runtimeConfig: value["capabilityArgs"]?.object ?? JSONObject(),
            result: value["result"].flatMap { $0 == .null ? nil : $0 }
        )
        for pair in value["cniArgs"]?.array ?? [] {
            guard let key = pair.array?.first?.string, let text = pair.array?.last?.string else { continue }
            arguments[key] = text
        }
    }
}
