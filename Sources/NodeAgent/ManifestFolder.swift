import JSON
package import KubernetesAPI
import LinuxSystem
import YAMLDocuments

/// The pods and networks that a directory's files describe, read anew when a file changes.
///
/// Files end in `.yaml`, `.yml` or `.json` and may hold several documents. A file that is wrong is reported and keeps
/// what it said when it was last right; a file that is gone takes its objects along. Of two objects with one name the
/// one in the file that sorts first counts.
package struct ManifestFolder: Sendable {
    /// What is wrong with a file.
    package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
        package var file: String
        package var reason: String

        package var description: String { "\(file): \(reason)" }
    }

    /// What one file says.
    fileprivate struct Manifest: Sendable {
        var content: [UInt8]
        var pods: [String: ObservedPod] = [:]
        var networks: [String: NetworkAttachmentDefinition] = [:]
    }

    package let path: String
    private var files: [String: Manifest] = [:]
    /// The files that are wrong now, in their order.
    package private(set) var problems: [Problem] = []

    /// Names the directory; ``reload()`` reads it.
    package init(_ path: String) { self.path = path }

    /// The pod of that name; `nil` if no file has it.
    package func pod(namespace: String, name: String) -> ObservedPod? {
        first { $0.pods["\(namespace)/\(name)"] }
    }

    /// The network of that name; `nil` if no file has it.
    package func network(namespace: String, name: String) -> NetworkAttachmentDefinition? {
        first { $0.networks["\(namespace)/\(name)"] }
    }

    /// How many pods and networks there are.
    package var counts: (pods: Int, networks: Int) {
        (files.values.reduce(0) { $0 + $1.pods.count }, files.values.reduce(0) { $0 + $1.networks.count })
    }

    /// Reads what has changed.
    ///
    /// - Returns: Whether anything has, problems included.
    package mutating func reload() -> Bool {
        let before = (problems, files.mapValues(\.content))
        problems = []
        let names: [String]
        do throws(SystemError) {
            names = try Directory.entries(path).filter(Self.isManifest)
        } catch {
            // What was known stays: a directory that is being replaced is gone for a moment.
            problems = [Problem(file: path, reason: "\(error)")]
            return problems != before.0
        }
        for name in files.keys where !names.contains(name) { files[name] = nil }
        for name in names { reload(name) }
        return problems != before.0 || files.mapValues(\.content) != before.1
    }

    private mutating func reload(_ name: String) {
        let content: [UInt8]
        do throws(SystemError) {
            content = try File.read("\(path)/\(name)", limit: Self.sizeLimit)
        } catch {
            problems.append(Problem(file: name, reason: "\(error)"))
            return
        }
        if files[name]?.content == content { return }
        do throws(Problem) {
            files[name] = try Self.read(content, named: name)
        } catch {
            problems.append(error)
        }
    }

    private static func read(_ content: [UInt8], named name: String) throws(Problem) -> Manifest {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Problem(file: name, reason: "not UTF-8")
        }
        let documents: [JSONValue]
        do throws(YAMLSyntaxError) {
            documents = try YAMLText.documents(text)
        } catch {
            throw Problem(file: name, reason: "\(error)")
        }
        var manifest = Manifest(content: content)
        for (index, document) in documents.enumerated() {
            let place = documents.count > 1 ? "document[\(index + 1)]" : ""
            do throws(ObjectError) {
                for object in try KubernetesObject.objects(in: document, at: place) { manifest.add(object, document) }
            } catch {
                throw Problem(file: name, reason: "\(error)")
            }
        }
        return manifest
    }

    private func first<Value>(_ find: (Manifest) -> Value?) -> Value? {
        for name in files.keys.sorted() {
            if let value = files[name].flatMap(find) { return value }
        }
        return nil
    }

    private static func isManifest(_ name: String) -> Bool {
        !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    /// More than any manifest has, in bytes; guards memory against a file that is none.
    private static let sizeLimit = 4 << 20
}

extension ManifestFolder.Manifest {
    /// Takes an object in; the first of two with one name counts, kinds of no concern are passed over.
    fileprivate mutating func add(_ object: KubernetesObject, _ document: JSONValue) {
        switch object {
        case .pod(var pod):
            let key = "\(pod.metadata.namespace)/\(pod.metadata.name)"
            guard pods[key] == nil else { return }
            let isDerived = pod.metadata.uid.isEmpty
            if isDerived {
                pod.metadata.uid = derivedUID([pod.metadata.namespace, pod.metadata.name, document.text])
            }
            pods[key] = ObservedPod(pod: pod, hasDerivedUID: isDerived)
        case .network(let network):
            let key = "\(network.metadata.namespace)/\(network.metadata.name)"
            if networks[key] == nil { networks[key] = network }
        case .other: break
        }
    }
}
