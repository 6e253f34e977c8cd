import JSON
package import KubeletAPI
import LinuxSystem
package import NodeProtocol

/// Finds out which devices kubelet gave to a pod.
///
/// Kubelet allows all its clients together a hundred questions a second, so those who ask at the same time share one
/// answer, and only who does not find its pod in it asks again.
package actor DeviceFinder {
    /// Asks kubelet for its whole list.
    package typealias Listing = @Sendable () async throws -> [PodResourcesV1.PodResources]

    private let listing: Listing
    private let owners: @Sendable () -> [String: String]
    private let checkpointPath: String
    private var question: Task<Result<[PodResourcesV1.PodResources], any Error>, Never>?

    /// Names what to ask.
    ///
    /// - Parameters:
    ///   - listing: Asks kubelet.
    ///   - owners: Which pod's record owns a device now, UID by device id; asked only when a name is there twice.
    ///   - checkpointPath: Kubelet's own record, read only when a name is there twice.
    package init(
        listing: @escaping Listing,
        owners: @escaping @Sendable () -> [String: String],
        checkpointPath: String
    ) {
        self.listing = listing
        self.owners = owners
        self.checkpointPath = checkpointPath
    }

    /// The devices of a pod; waits for a pod that kubelet does not list yet.
    ///
    /// - Throws: ``NodeFailure`` of CNI code 11 at the deadline, with what stood in the way.
    package func devices(
        of pod: PodReference,
        uid: String,
        until deadline: ContinuousClock.Instant
    ) async throws(NodeFailure) -> AllocatedDevices {
        var pause = Duration.milliseconds(50)
        while true {
            let obstacle: String
            switch await ask() {
            case .success(let list):
                switch lookUp(pod, uid, in: list) {
                case .found(let devices): return devices
                case .absent: obstacle = "kubelet lists no such pod"
                case .ambiguous(let reason): obstacle = reason
                }
            case .failure(let error): obstacle = "kubelet's pod-resources: \(error)"
            }
            guard ContinuousClock.now + pause < deadline, !Task.isCancelled else {
                throw NodeFailure(
                    code: NodeFailure.tryAgainLater,
                    message: "the devices of pod \(pod) are not known",
                    details: obstacle
                )
            }
            // Cancellation is seen above.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Which pod has which device, by device id, as kubelet says now; empty if it does not answer.
    package func holders() async -> [String: String] {
        guard case .success(let list) = await ask() else { return [:] }
        var holders: [String: String] = [:]
        for pod in list {
            for id in AllocatedDevices(pod).all { holders[id] = "\(pod.namespace)/\(pod.name)" }
        }
        return holders
    }

    private func ask() async -> Result<[PodResourcesV1.PodResources], any Error> {
        if let question { return await question.value }
        let question = Task { [listing] () -> Result<[PodResourcesV1.PodResources], any Error> in
            do {
                return .success(try await listing())
            } catch {
                return .failure(error)
            }
        }
        self.question = question
        let answer = await question.value
        self.question = nil
        return answer
    }

    private func lookUp(_ pod: PodReference, _ uid: String, in list: [PodResourcesV1.PodResources]) -> DeviceLookup {
        let isUnique = list.count { $0.namespace == pod.namespace && $0.name == pod.name } <= 1
        return DeviceLookup(
            namespace: pod.namespace,
            name: pod.name,
            uid: uid,
            in: list,
            ownerUIDs: isUnique ? [:] : owners(),
            checkpoint: isUnique ? nil : checkpoint()?[uid]
        )
    }

    /// What cannot be read does not decide; the caller then says so.
    private func checkpoint() -> KubeletCheckpoint? {
        guard let bytes = try? File.read(checkpointPath, limit: Self.checkpointLimit),
            let document = try? JSONValue(parsing: bytes)
        else { return nil }
        return KubeletCheckpoint(document)
    }

    /// In bytes; guards memory against a file that is none of kubelet's.
    private static let checkpointLimit = 64 << 20
}
