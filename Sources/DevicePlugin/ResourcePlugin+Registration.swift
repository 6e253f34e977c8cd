import GRPC
import GRPCTransport
import KubeletAPI
import LinuxSystem
import Logging
import Protobuf
import ResourcePools

/// The steps of a registration, each reporting to the machine how it went.
extension ResourcePlugin {
    /// Ends what is left of the last attempt and serves on a new socket.
    func prepare() async -> Registration.Action {
        let endedStream = hasStream
        await stopServing(GRPCStatusError(.unavailable, "\(resource) is being registered anew"))
        generation += 1
        let name = names.next(for: resource.name, in: directory.path)
        var configuration = GRPCServer.Configuration(socketPath: "\(directory.path)/\(name)")
        configuration.allowedUserIDs = allowedUserIDs
        do {
            try Directory.create(directory.path, mode: 0o750)
            let server = try await GRPCServer.start(
                configuration,
                methods: methods(generation: generation),
                logger: logger
            )
            serving = (server, generation)
            return registration.prepared(endedStream: endedStream, now: .now)
        } catch {
            note(refusal: "\(error)")
            return registration.prepareFailed(now: .now)
        }
    }

    /// Calls `Register`; the kubelet dials back while the call is outstanding.
    func register() async -> Registration.Action {
        let path = directory.kubeletSocket
        // What cannot be looked at cannot be connected to either, and that says why.
        attemptedSocket = try? FileStamp(of: path)
        guard let server = serving?.server, server.ownsSocketFile else {
            note(refusal: "our own socket was removed before it could be registered")
            return registration.registerFailed(now: .now)
        }
        do throws(GRPCStatusError) {
            let kubelet = try await GRPCClient.connect(to: path)
            let result = await call(kubelet, endpoint: String(server.socketPath.dropFirst(directory.path.count + 1)))
            await kubelet.close()
            try result.get()
            lastRefusal = nil
            logger.info("registered", metadata: ["socket": "\(server.socketPath)"])
            return registration.registerSucceeded(now: .now)
        } catch {
            note(refusal: "\(error)")
            return registration.registerFailed(now: .now)
        }
    }

    private func call(_ kubelet: GRPCClient, endpoint: String) async -> Result<Void, GRPCStatusError> {
        let request = DevicePluginV1Beta1.RegisterRequest(
            version: DevicePluginV1Beta1.version,
            endpoint: endpoint,
            resourceName: resource.description,
            options: Self.options
        )
        do throws(GRPCStatusError) {
            _ = try await kubelet.unary(
                DevicePluginV1Beta1.Registration.register,
                request.encoded(),
                timeout: Self.registerTimeout
            )
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Ends every stream and connection, and removes our socket file.
    func stopServing(_ status: GRPCStatusError) async {
        guard let server = serving?.server else { return }
        serving = nil
        await server.shutDown(with: status, grace: .seconds(1))
        endStreams()
    }

    /// Keeps the reason for the status; the log has it when it is a new one, not at each retry.
    private func note(refusal: String) {
        if refusal != lastRefusal { logger.warning("not registered", metadata: ["reason": "\(refusal)"]) }
        lastRefusal = refusal
    }

    /// Beyond the 10 s that the kubelet gives itself for its dial back.
    private static let registerTimeout = Duration.seconds(15)
}
