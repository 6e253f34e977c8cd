import KubernetesAPI
import NetworkSelection
package import NodeProtocol

/// Answers "how is this pod to be attached?" from the source of pods and networks and from kubelet.
///
/// What is not known yet is waited for, a bounded time, since a watch may lag behind the runtime; then it is CNI error 11.
/// Nothing is guessed, and no pod that asks for networks gets a plan without them.
package struct PlanService: Sendable {
    private let source: any ClusterSource
    private let devices: DeviceFinder
    private let policy: SelectionPolicy
    private let patience: Duration
    private let advertisedDevices: @Sendable () -> Set<String>

    /// Puts together whom to ask.
    ///
    /// - Parameters:
    ///   - source: Pods and networks.
    ///   - devices: Kubelet.
    ///   - policy: What the operator allows.
    ///   - patience: How long to wait in all for what is not known yet; well below the runtime's own limit.
    ///   - advertisedDevices: What kubelet deals out, so that no annotation takes it by name.
    package init(
        source: any ClusterSource,
        devices: DeviceFinder,
        policy: SelectionPolicy = SelectionPolicy(),
        patience: Duration = .seconds(5),
        advertisedDevices: @escaping @Sendable () -> Set<String> = { [] }
    ) {
        self.source = source
        self.devices = devices
        self.policy = policy
        self.patience = patience
        self.advertisedDevices = advertisedDevices
    }

    /// The plan of one pod.
    ///
    /// - Throws: ``NodeFailure``: CNI code 7 for a pod or network that somebody has to change, 11 for what may still come.
    package func plan(_ request: PlanRequest) async throws(NodeFailure) -> AttachmentPlan {
        let deadline = ContinuousClock.now + patience
        let (annotations, uid) = try await identify(request, until: deadline)
        let wish = try NetworkWish(annotations: annotations, namespace: request.pod.namespace, policy: policy)
        guard !wish.all.isEmpty else { return AttachmentPlan(podUID: uid) }
        var networks: [String: NetworkAttachmentDefinition] = [:]
        for element in wish.all where networks[element.network] == nil {
            networks[element.network] = try await network(element.namespace, element.name, until: deadline)
        }
        let needsDevices = networks.values.contains { $0.resourceName != nil }
        return try AttachmentPlanner(
            pod: request.pod.description,
            podUID: uid,
            interfaceName: request.interfaceName,
            wish: wish,
            networks: networks,
            devices: needsDevices
                ? try await devices.devices(of: request.pod, uid: uid, until: deadline) : AllocatedDevices(),
            advertisedDevices: advertisedDevices()
        ).plan()
    }

    /// The pod's annotations and UID: the runtime's where it gave them, else the source's.
    private func identify(
        _ request: PlanRequest,
        until deadline: ContinuousClock.Instant
    ) async throws(NodeFailure) -> (annotations: [String: String], uid: String) {
        let reference = request.pod
        if let annotations = request.annotations {
            if let uid = reference.uid { return (annotations, uid) }
            let known = await source.pod(namespace: reference.namespace, name: reference.name)
            return (annotations, known?.pod.metadata.uid ?? "")
        }
        var other: String?
        let found = await waiting(until: deadline) {
            let observed = await source.pod(namespace: reference.namespace, name: reference.name)
            guard let observed, observed.isNamed(byUID: reference.uid) else {
                other = observed?.pod.metadata.uid
                return nil as ObservedPod?
            }
            return observed
        }
        if let found {
            return (found.pod.metadata.annotations, reference.uid ?? found.pod.metadata.uid)
        }
        guard let other else {
            throw NodeFailure(code: NodeFailure.tryAgainLater, message: "pod \(reference) is not known")
        }
        throw NodeFailure(
            code: NodeFailure.tryAgainLater,
            message: "the pod \(reference) that is known is another one",
            details: "its UID is \(other), the runtime's is \(reference.uid ?? "")"
        )
    }

    private func network(
        _ namespace: String,
        _ name: String,
        until deadline: ContinuousClock.Instant
    ) async throws(NodeFailure) -> NetworkAttachmentDefinition {
        let found = await waiting(until: deadline) { await source.network(namespace: namespace, name: name) }
        guard let found else {
            throw NodeFailure(
                code: NodeFailure.tryAgainLater,
                message: "network \(namespace)/\(name) is not defined",
                details: "there is no NetworkAttachmentDefinition of that name"
            )
        }
        return found
    }

    /// Asks until there is an answer, looking at the source anew before each further time; `nil` at the deadline.
    private func waiting<Value: Sendable>(
        until deadline: ContinuousClock.Instant,
        _ find: () async -> Value?
    ) async -> Value? {
        var pause = Duration.milliseconds(20)
        while true {
            if let value = await find() { return value }
            guard ContinuousClock.now < deadline, !Task.isCancelled else { return nil }
            await source.refresh()
            if let value = await find() { return value }
            // Cancellation is seen above.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(500))
        }
    }
}
