package import GRPCTransport
package import Logging
import NIOCore
import NIOPosix
package import NodeProtocol
import Synchronization

/// Answers the CNI program and the command line on a Unix socket: one request a connection.
///
/// A peer that is not allowed, sends nonsense or nothing costs its connection, never the process. More connections than
/// the limit wait in the kernel's queue; they are not refused, because a node that boots starts all its pods at once.
package final class NodeServer: Sendable {
    /// Where and for whom a server answers.
    package struct Configuration: Sendable {
        /// At most 107 bytes.
        package var socketPath: String
        /// Whose processes may ask; root's only, unless said otherwise.
        package var allowedUserIDs: Set<UInt32> = [0]
        /// How many connections are served at a time; each holds at most one message of ``NodeWire/messageLimit``.
        package var connectionLimit = 256
        /// How long a peer may take to send its request, in seconds, and again to read its answer.
        package var peerTimeoutSeconds = 10

        /// The defaults, on a path.
        package init(socketPath: String = NodeWire.socketPath) { self.socketPath = socketPath }
    }

    /// Answers one request; it is cancelled when the peer is gone.
    package typealias Answering = @Sendable (NodeRequest) async -> NodeAnswer

    private let configuration: Configuration
    private let logger: Logger
    private let answering: Answering
    private let listener = Mutex<(any Channel)?>(nil)
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let file = Mutex<ListeningSocket.FileIdentity?>(nil)

    private init(_ configuration: Configuration, _ logger: Logger, _ answering: @escaping Answering) {
        self.configuration = configuration
        self.logger = logger
        self.answering = answering
    }

    /// Starts a server; when this returns, the socket is there, for root alone, and is answered.
    ///
    /// A socket file that a process which is gone left behind is replaced.
    ///
    /// - Parameters:
    ///   - configuration: Where and for whom.
    ///   - logger: Told of peers that are refused or send nonsense.
    ///   - answering: Gives the answers.
    /// - Returns: The server, which serves until ``shutDown()``.
    /// - Throws: ``TransportError`` naming the call on the socket that failed.
    package static func start(
        _ configuration: Configuration,
        logger: Logger,
        answering: @escaping Answering
    ) async throws(TransportError) -> NodeServer {
        let server = NodeServer(configuration, logger, answering)
        let socket = try ListeningSocket(path: configuration.socketPath, underDotName: true)
        do {
            let channel = try await server.bootstrap.withBoundSocket(socket.descriptor).get()
            server.listener.withLock { $0 = channel }
        } catch {
            throw TransportError(call: "listen", path: configuration.socketPath, reason: .eventLoop("\(error)"))
        }
        try socket.moveIntoPlace()
        server.file.withLock { $0 = ListeningSocket.identity(of: configuration.socketPath) }
        return server
    }

    /// How many connections are open.
    package var connectionCount: Int { connections.withLock { $0.count } }

    /// Stops answering and removes the socket file, unless another server has put its own there.
    package func shutDown() async {
        let own = file.withLock { identity in
            defer { identity = nil }
            return identity
        }
        if let own, ListeningSocket.identity(of: configuration.socketPath) == own {
            ListeningSocket.remove(configuration.socketPath)
        }
        let channel = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        // An error means that it is closed already.
        try? await channel?.close().get()
        for connection in connections.withLock({ Array($0.values) }) { try? await connection.close().get() }
    }

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: EventLoops.shared)
            .serverChannelOption(.backlog, value: 1024)
            // One at a time, or the limit would be overrun before it is noticed.
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { channel in
                PeerCredentials.of(channel).flatMapThrowing { try self.welcome($0, on: channel) }
            }
    }

    private func welcome(_ peer: PeerCredentials, on channel: any Channel) throws {
        guard configuration.allowedUserIDs.contains(peer.userID) else {
            logger.warning("refused a connection", metadata: ["uid": "\(peer.userID)", "pid": "\(peer.processID)"])
            throw ChannelError.operationUnsupported
        }
        let key = ObjectIdentifier(channel)
        let isFull = connections.withLock { connections in
            connections[key] = channel
            return connections.count >= configuration.connectionLimit
        }
        if isFull { accept(false) }
        channel.closeFuture.whenComplete { _ in
            let isBelow = self.connections.withLock { connections in
                connections[key] = nil
                return connections.count == self.configuration.connectionLimit - 1
            }
            if isBelow { self.accept(true) }
        }
        let session = NodeSession(
            timeout: .seconds(Int64(configuration.peerTimeoutSeconds)),
            logger: logger,
            answering: answering
        )
        try channel.pipeline.syncOperations.addHandler(session)
    }

    /// Takes new connections from the kernel's queue, or leaves them there.
    private func accept(_ isAccepting: Bool) {
        // Fails only on a listener that is closed already.
        _ = listener.withLock { $0 }?.setOption(.autoRead, value: isAccepting)
    }
}

/// One connection: collects the request, has it answered, sends the answer, closes.
private final class NodeSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let timeout: TimeAmount
    private let logger: Logger
    private let answering: NodeServer.Answering
    private var frame = MessageFrame()
    private var isAsked = false
    private var work: Task<Void, Never>?
    private var deadline: Scheduled<Void>?

    init(timeout: TimeAmount, logger: Logger, answering: @escaping NodeServer.Answering) {
        self.timeout = timeout
        self.logger = logger
        self.answering = answering
    }

    func channelActive(context: ChannelHandlerContext) { expire(context.channel) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAsked else { return context.close(promise: nil) }
        do throws(MessageError) {
            guard let message = try frame.receive(unwrapInboundIn(data).readableBytesView) else { return }
            isAsked = true
            deadline?.cancel()
            answer(try NodeRequest(reading: message), on: context.channel)
        } catch {
            isAsked = true
            logger.warning("refused a request", metadata: ["reason": "\(error)"])
            send(.failure(NodeFailure(error)), on: context.channel)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        work?.cancel()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ request: NodeRequest, on channel: any Channel) {
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        work = Task { [answering] in
            let answer = await answering(request)
            channel.eventLoop.execute { bound.value.send(answer, on: channel) }
        }
    }

    private func send(_ answer: NodeAnswer, on channel: any Channel) {
        expire(channel)
        let bytes: [UInt8]
        do throws(MessageError) {
            bytes = try framed(answer.message())
        } catch {
            // Too long a plan; the sentence is not.
            let failure = NodeAnswer.failure(NodeFailure(code: NodeFailure.badRequest, message: "\(error)"))
            bytes = (try? framed(failure.message())) ?? []
        }
        channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { _ in channel.close(promise: nil) }
    }

    /// Closes the connection unless the peer moves on in time.
    private func expire(_ channel: any Channel) {
        deadline?.cancel()
        deadline = channel.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }
}

extension NodeFailure {
    /// A request that could not be read; a newer program waits for the newer daemon that is on its way.
    init(_ error: MessageError) {
        switch error {
        case .newerVersion: self.init(code: Self.tryAgainLater, message: "\(error)")
        default: self.init(code: Self.badRequest, message: "\(error)")
        }
    }
}
