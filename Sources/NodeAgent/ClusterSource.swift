package import KubernetesAPI
package import NodeProtocol

/// Where the daemon learns of pods and networks and tells what has become of them.
///
/// There are two: an API server, and a directory of manifests for a machine without Kubernetes.
package protocol ClusterSource: Sendable {
    /// The pod as it is known now; `nil` if it is not.
    func pod(namespace: String, name: String) async -> ObservedPod?

    /// The network as it is known now; `nil` if it is not.
    func network(namespace: String, name: String) async -> NetworkAttachmentDefinition?

    /// Looks once more, live, at what may have changed since; returns when what ``pod(namespace:name:)`` answers is new.
    func refresh() async

    /// Publishes the value of a pod's network-status annotation; `nil` takes it back.
    ///
    /// - Throws: ``PublishingError``; the caller tries again later.
    func publish(networkStatus: String?, of pod: PodReference) async throws(PublishingError)
}

/// A pod with what the source knows of it besides.
package struct ObservedPod: Sendable, Equatable {
    /// Its UID is never empty.
    package var pod: Pod
    /// Whether the UID was made up here because the document has none; the runtime's then counts.
    package var hasDerivedUID: Bool

    package init(pod: Pod, hasDerivedUID: Bool = false) {
        self.pod = pod
        self.hasDerivedUID = hasDerivedUID
    }

    /// Whether `uid`, from the runtime, is this pod's.
    package func isNamed(byUID uid: String?) -> Bool {
        guard let uid, !uid.isEmpty else { return true }
        return hasDerivedUID || pod.isStatic || pod.metadata.uid == uid
    }
}

/// A status could not be published.
package struct PublishingError: Error, Equatable, Sendable, CustomStringConvertible {
    package var pod: PodReference
    package var reason: String

    package init(pod: PodReference, reason: String) {
        self.pod = pod
        self.reason = reason
    }

    package var description: String { "network status of \(pod): \(reason)" }
}
