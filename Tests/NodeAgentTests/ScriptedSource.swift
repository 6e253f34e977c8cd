import KubernetesAPI
import NodeProtocol
import Synchronization

@testable import NodeAgent

/// A source whose content the test sets; objects may be made to appear only after a number of refreshes.
final class ScriptedSource: ClusterSource {
    struct State: Sendable {
        var pods: [String: ObservedPod] = [:]
        var networks: [String: NetworkAttachmentDefinition] = [:]
        /// What each further refresh brings.
        var later: [@Sendable (inout State) -> Void] = []
        var published: [String: String?] = [:]
        var publishingFailures = 0
    }

    let state: Mutex<State>

    init(_ state: State = State()) { self.state = Mutex(state) }

    func pod(namespace: String, name: String) async -> ObservedPod? {
        state.withLock { $0.pods["\(namespace)/\(name)"] }
    }

    func network(namespace: String, name: String) async -> NetworkAttachmentDefinition? {
        state.withLock { $0.networks["\(namespace)/\(name)"] }
    }

    func refresh() async {
        state.withLock { state in
            guard !state.later.isEmpty else { return }
            state.later.removeFirst()(&state)
        }
    }

    func publish(networkStatus: String?, of pod: PodReference) async throws(PublishingError) {
        let fails = state.withLock { state in
            if state.publishingFailures > 0 {
                state.publishingFailures -= 1
                return true
            }
            state.published["\(pod)"] = .some(networkStatus)
            return false
        }
        if fails { throw PublishingError(pod: pod, reason: "scripted") }
    }

    static func pod(_ name: String, uid: String, _ annotations: [String: String] = [:], isDerived: Bool = false)
        -> ObservedPod
    {
        ObservedPod(
            pod: Pod(metadata: ObjectMetadata(name: name, uid: uid, annotations: annotations)),
            hasDerivedUID: isDerived
        )
    }

    static func network(_ name: String, resource: String? = nil) -> NetworkAttachmentDefinition {
        var metadata = ObjectMetadata(name: name)
        metadata.annotations[NetworkAttachmentDefinition.resourceNameAnnotation] = resource
        return NetworkAttachmentDefinition(metadata: metadata, configuration: #"{"name":"n","type":"macvlan"}"#)
    }
}
