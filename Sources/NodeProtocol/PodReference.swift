/// Which pod is meant, as the container runtime names it.
package struct PodReference: Sendable, Hashable, CustomStringConvertible {
    package var namespace: String
    package var name: String
    /// `nil` if the runtime did not say; a static pod's is the one of its manifest, not of its mirror.
    package var uid: String?

    package init(namespace: String, name: String, uid: String? = nil) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }

    package var description: String { "\(namespace)/\(name)" }
}
