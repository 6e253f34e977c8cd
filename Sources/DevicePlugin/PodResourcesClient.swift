package import GRPC
import GRPCTransport
package import KubeletAPI
import Protobuf

/// Asks the kubelet which pod has which devices, over one connection that is made anew when it is lost.
///
/// The kubelet replaces its socket at every start, and answers all its clients together a hundred times a second.
package actor PodResourcesClient {
    private let socketPath: String
    private var connection: GRPCClient?

    /// Connects at the first question.
    package init(socketPath: String = PodResourcesV1.socketPath) { self.socketPath = socketPath }

    /// All pods the kubelet knows; up to Kubernetes 1.33 also some that have ended.
    ///
    /// - Parameter deadline: Until when a kubelet that is away, or too busy, is asked again.
    /// - Returns: One entry a pod; its devices come one by one and in no order.
    /// - Throws: The status of the last attempt: UNAVAILABLE if nobody answers, RESOURCE_EXHAUSTED if the kubelet's rate is
    ///   used up or its answer is larger than 16 MiB, INTERNAL if the answer is malformed.
    package func list(
        until deadline: ContinuousClock.Instant = .now + .seconds(10)
    ) async throws(GRPCStatusError) -> [PodResourcesV1.PodResources] {
        var delay = Duration.milliseconds(20)
        while true {
            do throws(GRPCStatusError) {
                return try await listOnce(until: deadline)
            } catch {
                let isWorthAnother = [.unavailable, .resourceExhausted].contains(error.code)
                guard isWorthAnother, ContinuousClock.now + delay < deadline, !Task.isCancelled else { throw error }
                if error.code == .unavailable { await disconnect() }
            }
            // Cancellation ends the next attempt.
            try? await Task.sleep(for: delay)
            delay = min(delay * 2, .seconds(1))
        }
    }

    private func listOnce(
        until deadline: ContinuousClock.Instant
    ) async throws(GRPCStatusError) -> [PodResourcesV1.PodResources] {
        let answer = try await connected().unary(
            PodResourcesV1.PodResourcesLister.list,
            PodResourcesV1.ListPodResourcesRequest().encoded(),
            timeout: max(deadline - .now, .milliseconds(1))
        )
        do throws(ProtobufError) {
            return try PodResourcesV1.ListPodResourcesResponse(decoding: answer).podResources
        } catch {
            throw GRPCStatusError(.internalError, "\(socketPath): the answer is malformed: \(error)")
        }
    }

    private func connected() async throws(GRPCStatusError) -> GRPCClient {
        if let connection { return connection }
        var configuration = GRPCClient.Configuration()
        configuration.messageLimit = Self.messageLimit
        let made = try await GRPCClient.connect(to: socketPath, configuration)
        connection = made
        return made
    }

    private func disconnect() async {
        let lost = connection
        connection = nil
        await lost?.close()
    }

    /// The kubelet has no limit on what it sends, and a node full of pods needs more than gRPC's usual 4 MiB.
    private static let messageLimit = 16 << 20
}
