import JSON

/// What every Kubernetes object carries to be told from others.
package struct ObjectMetadata: Sendable, Equatable {
    /// `default` where the document names none.
    package var namespace: String
    package var name: String
    /// Empty where the document has none, as in a manifest that was never in an API server.
    package var uid: String
    package var annotations: [String: String]

    package init(namespace: String = "default", name: String, uid: String = "", annotations: [String: String] = [:]) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.annotations = annotations
    }
}

extension ObjectMetadata {
    /// The pattern and length that the API server holds names of namespaces to.
    ///
    /// - SeeAlso: RFC 1123 §2.1 as Kubernetes reads it: lower-case letters, digits and `-` inside, at most 63 of them.
    package static func isLabel(_ text: String) -> Bool { isLabel(text.utf8[...]) }

    /// Whether every part between dots is a label; the form of a pod's name, at most 253 bytes.
    package static func isSubdomain(_ text: String) -> Bool {
        text.utf8.count <= 253
            && text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy(isLabel)
    }

    private static func isLabel(_ bytes: Substring.UTF8View.SubSequence) -> Bool {
        guard (1...63).contains(bytes.count), let first = bytes.first, let last = bytes.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Reads the member `metadata` of an object and reports what is wrong with it to `fields`.
    init(_ fields: inout JSONFields) {
        fields.require("metadata")
        var metadata = JSONFields(fields.value("metadata") ?? [:], at: fields.place(of: "metadata"))
        metadata.require("name")
        let name = metadata.string("name") ?? ""
        if !name.isEmpty, !Self.isSubdomain(name) {
            metadata.report("name", "\"\(name)\" is no name: lower-case letters, digits, '-' and '.' inside")
        }
        let namespace = metadata.string("namespace") ?? "default"
        if !Self.isLabel(namespace) {
            metadata.report("namespace", "\"\(namespace)\" is no name: lower-case letters, digits and '-' inside")
        }
        let uid = metadata.string("uid") ?? ""
        var annotations: [String: String] = [:]
        for (key, value) in metadata.object("annotations")?.members ?? [] {
            if let text = value.string {
                annotations[key] = text
            } else {
                metadata.report("annotations.\(key)", "expected a string, found \(value.kind)")
            }
        }
        if fields.has("metadata") { fields.report(metadata.problems) }
        self.init(namespace: namespace, name: name, uid: uid, annotations: annotations)
    }
}
