package import JSON

/// An object is not what its kind demands.
package struct ObjectError: Error, Equatable, Sendable, CustomStringConvertible {
    /// At least one.
    package var problems: [DocumentProblem]

    package var description: String { problems.map(\.description).joined(separator: "; ") }

    static func check(_ problems: [DocumentProblem]) throws(ObjectError) {
        if !problems.isEmpty { throw ObjectError(problems: problems) }
    }
}

/// One document as a person or an API server writes it, by its kind.
package enum KubernetesObject: Sendable, Equatable {
    case pod(Pod)
    case network(NetworkAttachmentDefinition)
    /// A kind that is of no concern here.
    case other(kind: String)

    /// Reads a document that stands at `path`; a `List` gives the objects in it.
    ///
    /// - Throws: ``ObjectError`` with everything that is wrong with the object.
    package static func objects(
        in document: JSONValue,
        at path: String = ""
    ) throws(ObjectError) -> [KubernetesObject] {
        var fields = JSONFields(document, at: path)
        fields.require("apiVersion")
        fields.require("kind")
        let apiVersion = fields.string("apiVersion") ?? ""
        let kind = fields.string("kind") ?? ""
        let items = kind.hasSuffix("List") ? fields.array("items") ?? [] : []
        try ObjectError.check(fields.problems)
        switch (apiVersion, kind) {
        case ("v1", "Pod"): return [.pod(try Pod(document, at: path))]
        case ("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition"):
            return [.network(try NetworkAttachmentDefinition(document, at: path))]
        case ("v1", "List"):
            var objects: [KubernetesObject] = []
            for (index, item) in items.enumerated() {
                objects += try self.objects(in: item, at: fields.place(of: "items[\(index)]"))
            }
            return objects
        default: return [.other(kind: kind)]
        }
    }
}
