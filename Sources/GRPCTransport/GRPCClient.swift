package import GRPC
import Glibc
import NIOCore
import NIOPosix

/// Calls gRPC methods over one connection to a Unix socket.
///
/// It does not reconnect: when the connection is lost, its calls end UNAVAILABLE and so does every later one.
package final class GRPCClient: Sendable {
    /// How a client behaves.
    package struct Configuration: Sendable {
        /// The largest message of an answer accepted, in octets.
        package var messageLimit = GRPCLimits.message
        /// How long connecting may take, up to the server's first octets.
        package var connectTimeout = Duration.seconds(10)

        /// The defaults.
        package init() {}
    }

    private let channel: any Channel
    private let session: NIOLoopBound<ClientSession>

    private init(_ channel: any Channel, _ session: NIOLoopBound<ClientSession>) {
        self.channel = channel
        self.session = session
    }

    deinit { channel.close(promise: nil) }

    /// Connects to a server.
    ///
    /// - Parameters:
    ///   - socketPath: where its socket is.
    ///   - configuration: by default answers up to 4 MiB, 10 seconds to connect.
    /// - Returns: a client whose server has sent its SETTINGS: it is alive and speaks HTTP/2.
    /// - Throws: UNAVAILABLE with the reason, DEADLINE_EXCEEDED after the timeout.
    package static func connect(
        to socketPath: String,
        _ configuration: Configuration = Configuration()
    ) async throws(GRPCStatusError) -> GRPCClient {
        let machineLimit = configuration.messageLimit
        let sessions = EventLoops.shared.next().makePromise(of: NIOLoopBound<ClientSession>.self)
        let bootstrap = ClientBootstrap(group: EventLoops.shared)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let driver = ClientSession.Driver(GRPCClientConnection(messageLimit: machineLimit, now: .now))
                    let session = ClientSession(driver: driver)
                    sessions.succeed(NIOLoopBound(session, eventLoop: channel.eventLoop))
                    try channel.pipeline.syncOperations.addHandler(driver)
                }
            }
        let client: GRPCClient
        do {
            let channel = try await bootstrap.connect(unixDomainSocketPath: socketPath).get()
            client = GRPCClient(channel, try await sessions.futureResult.get())
        } catch {
            sessions.fail(error)
            throw GRPCStatusError(.unavailable, "connect \(socketPath): \(GRPCClient.reason(error))")
        }
        do throws(GRPCStatusError) {
            try await client.waitUntilOpen(configuration.connectTimeout)
        } catch {
            await client.close()
            throw error
        }
        return client
    }

    /// Calls a method with one answer; cancelling the task cancels the call.
    ///
    /// - Parameters:
    ///   - path: `/service/method`.
    ///   - request: the request's message.
    ///   - timeout: how long to wait; `nil` for ever. The server is told.
    ///   - metadata: what goes along with the request.
    /// - Returns: the answer's message.
    /// - Throws: the status, if it is not OK.
    package func unary(
        _ path: String,
        _ request: [UInt8],
        timeout: Duration?,
        metadata: GRPCMetadata = GRPCMetadata()
    ) async throws(GRPCStatusError) -> [UInt8] {
        let stream = await start(path, .unary, request, timeout, metadata)
        guard let answer = try await stream.next() else {
            throw GRPCStatusError(.internalError, "no message answers a unary call")
        }
        return answer
    }

    /// Calls a method with a stream of answers; dropping the stream cancels the call.
    ///
    /// - Parameters:
    ///   - path: `/service/method`.
    ///   - request: the request's message.
    ///   - timeout: how long the whole stream may take; `nil` for ever.
    ///   - metadata: what goes along with the request.
    /// - Returns: the messages; iterating throws the status, if it is not OK.
    package func serverStream(
        _ path: String,
        _ request: [UInt8],
        timeout: Duration? = nil,
        metadata: GRPCMetadata = GRPCMetadata()
    ) async -> MessageStream {
        MessageStream(call: await start(path, .serverStreaming, request, timeout, metadata))
    }

    /// Closes the connection; running calls end UNAVAILABLE.
    package func close() async {
        // An error here means that it is closed already.
        try? await channel.close().get()
    }

    /// Whether calls can still be made; once `false`, a new client is needed.
    package var isOpen: Bool { channel.isActive }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }

    private func start(
        _ path: String,
        _ kind: MethodKind,
        _ request: [UInt8],
        _ timeout: Duration?,
        _ metadata: GRPCMetadata
    ) async -> ClientCall {
        await withCheckedContinuation { continuation in
            let session = session
            session.eventLoop.execute {
                let id = session.value.start(path, kind, request, timeout, metadata)
                continuation.resume(returning: ClientCall(id: id, session: session, client: self))
            }
        }
    }

    private func waitUntilOpen(_ timeout: Duration) async throws(GRPCStatusError) {
        let session = session
        let channel = channel
        let nanoseconds = Int64(min(timeout, .seconds(3600)) / .nanoseconds(1))
        let late = session.eventLoop.scheduleTask(in: .nanoseconds(nanoseconds)) {
            session.value.connectTimedOut()
            channel.close(promise: nil)
        }
        let result: Result<Void, GRPCStatusError> = await withCheckedContinuation { continuation in
            session.eventLoop.execute { session.value.whenOpen { continuation.resume(returning: $0) } }
        }
        late.cancel()
        try result.get()
    }
}
