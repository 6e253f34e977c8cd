package import JSON

/// A network that pods may name: `k8s.cni.cncf.io/v1`.
///
/// - SeeAlso: Kubernetes Network Custom Resource Definition De-facto Standard 1.3 §3
package struct NetworkAttachmentDefinition: Sendable, Equatable {
    /// Names the extended resource whose devices back the network.
    package static let resourceNameAnnotation = "k8s.v1.cni.cncf.io/resourceName"

    package var metadata: ObjectMetadata
    /// The text of `spec.config`, a CNI configuration or list; `nil` if the object leaves it to a file on the node.
    package var configuration: String?

    package init(metadata: ObjectMetadata, configuration: String?) {
        self.metadata = metadata
        self.configuration = configuration
    }

    /// `domain/resource`; `nil` for a network without devices.
    package var resourceName: String? {
        metadata.annotations[Self.resourceNameAnnotation].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Reads an object of kind `NetworkAttachmentDefinition`; `path` is where the document stands, for the problems.
    ///
    /// - Throws: ``ObjectError`` with everything that is wrong.
    package init(_ value: JSONValue, at path: String = "") throws(ObjectError) {
        var fields = JSONFields(value, at: path)
        let metadata = ObjectMetadata(&fields)
        var spec = JSONFields(fields.value("spec") ?? [:], at: fields.place(of: "spec"))
        let configuration = spec.string("config")
        fields.report(spec.problems)
        try ObjectError.check(fields.problems)
        self.init(metadata: metadata, configuration: configuration.flatMap { $0.isEmpty ? nil : $0 })
    }
}
