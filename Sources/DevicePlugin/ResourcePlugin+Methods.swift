import GRPC
import GRPCTransport
import KubeletAPI
import Logging
import Protobuf
import ResourcePools

/// The methods that the kubelet calls.
extension ResourcePlugin {
    /// The same in `Register` and in the answer to `GetDevicePluginOptions`: which one is read depends on the kubelet.
    static let options = DevicePluginV1Beta1.DevicePluginOptions(
        isPreStartRequired: false,
        isPreferredAllocationAvailable: true
    )

    /// What is served on the socket of `generation`.
    func methods(generation: Int) -> [GRPCMethod] {
        typealias Path = DevicePluginV1Beta1.DevicePlugin
        return [
            .unary(Path.getDevicePluginOptions) { _, _ in Self.options.encoded() },
            .serverStreaming(Path.listAndWatch) { _, _, writer in
                try await self.listAndWatch(writer, generation: generation)
            },
            .unary(Path.getPreferredAllocation) { request, _ in
                let request = try decode(DevicePluginV1Beta1.PreferredAllocationRequest.self, request)
                return await self.assignment.answer(request).encoded()
            },
            .unary(Path.allocate) { request, _ in
                try await self.allocate(try decode(DevicePluginV1Beta1.AllocateRequest.self, request)).encoded()
            },
            // Not asked for in the options; a kubelet that calls it all the same is not to fail for that.
            .unary(Path.preStartContainer) { _, _ in DevicePluginV1Beta1.PreStartContainerResponse().encoded() },
        ]
    }

    private nonisolated func listAndWatch(_ writer: ServerStreamWriter, generation: Int) async throws {
        let (id, lists) = await openStream(generation: generation)
        do {
            for await list in lists { try await writer.write(list) }
        } catch {
            await closeStream(id, generation: generation)
            throw error
        }
        await closeStream(id, generation: generation)
    }

    private func allocate(
        _ request: DevicePluginV1Beta1.AllocateRequest
    ) throws -> DevicePluginV1Beta1.AllocateResponse {
        do throws(AllocationError) {
            let response = try assignment.answer(request)
            noteAllocation(of: request.containerRequests.flatMap(\.deviceIDs))
            return response
        } catch {
            logger.warning("refused an allocation", metadata: ["reason": "\(error)"])
            throw GRPCStatusError(.failedPrecondition, "\(error)")
        }
    }
}

/// Reads a request, or tells the caller what is wrong with it.
private func decode<Message: ProtobufMessage>(_: Message.Type, _ bytes: [UInt8]) throws -> Message {
    do throws(ProtobufError) {
        return try Message(decoding: bytes)
    } catch {
        throw GRPCStatusError(.invalidArgument, "the request is malformed: \(error)")
    }
}
