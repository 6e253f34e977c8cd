package import GRPC
package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Serves gRPC methods on a Unix socket.
///
/// A handler that throws, a peer that breaks the protocol, and a peer that is not allowed cost their call or connection,
/// never the process.
package final class GRPCServer: Sendable {
    /// Where and for whom a server serves.
    package struct Configuration: Sendable {
        /// Where the socket is to be found; at most 107 octets.
        package var socketPath: String
        /// Binds under a dot-name and renames into place, replacing what is there: for a directory that is watched.
        package var bindsUnderDotName = false
        /// Whose processes may connect; root's only, unless said otherwise.
        package var allowedUserIDs: Set<UInt32> = [0]
        /// The largest request accepted, in octets.
        package var messageLimit = GRPCLimits.message
        /// How many connections there may be at a time; more are closed at once.
        package var connectionLimit = GRPCLimits.connections
        /// How many of them may come from one process.
        package var processConnectionLimit = GRPCLimits.connectionsOfProcess

        /// The defaults, on a path.
        package init(socketPath: String) { self.socketPath = socketPath }
    }

    private struct State {
        var nextConnection = 1
        var sessions: [Int: NIOLoopBound<ServerSession>] = [:]
        var closures: [Int: EventLoopFuture<Void>] = [:]
        /// How many connections each process has.
        var processes: [Int32: Int] = [:]
    }

    private let configuration: Configuration
    private let methods: [String: GRPCMethod]
    private let logger: Logger
    private let state = Mutex(State())
    private let listener = Mutex<(any Channel)?>(nil)
    private let file = Mutex<ListeningSocket.FileIdentity?>(nil)

    private init(_ configuration: Configuration, _ methods: [GRPCMethod], _ logger: Logger) {
        self.configuration = configuration
        self.methods = Dictionary(methods.map { ($0.path, $0) }, uniquingKeysWith: { _, last in last })
        self.logger = logger
    }

    /// Starts a server; when this returns, it is bound and answers.
    ///
    /// - Parameters:
    ///   - configuration: where and for whom.
    ///   - methods: what is served; of two with the same path the later one.
    ///   - logger: told of peers that are refused or break the protocol.
    /// - Returns: the server, which serves until ``shutDown(with:grace:)``.
    /// - Throws: ``TransportError`` naming the call that failed on the socket.
    package static func start(
        _ configuration: Configuration,
        methods: [GRPCMethod],
        logger: Logger
    ) async throws(TransportError) -> GRPCServer {
        let server = GRPCServer(configuration, methods, logger)
        let socket = try ListeningSocket(path: configuration.socketPath, underDotName: configuration.bindsUnderDotName)
        let channel: any Channel
        do {
            channel = try await server.bootstrap.withBoundSocket(socket.descriptor).get()
        } catch {
            throw TransportError(call: "listen", path: configuration.socketPath, reason: .eventLoop("\(error)"))
        }
        do throws(TransportError) {
            try socket.moveIntoPlace()
        } catch {
            // The rename's failure is what counts; the descriptor is released in any case.
            try? await channel.close().get()
            throw error
        }
        server.listener.withLock { $0 = channel }
        server.file.withLock { $0 = ListeningSocket.identity(of: configuration.socketPath) }
        return server
    }

    /// Where the socket is to be found.
    package var socketPath: String { configuration.socketPath }

    /// Whether the socket file at the path is still the one this server made.
    ///
    /// A kubelet that starts removes the sockets of its directory: the server then goes on, but nobody finds it.
    package var ownsSocketFile: Bool {
        guard let own = file.withLock({ $0 }) else { return false }
        return ListeningSocket.identity(of: configuration.socketPath) == own
    }

    /// How many connections are open.
    package var connectionCount: Int { state.withLock { $0.sessions.count } }

    /// Stops serving and removes the socket file, if it is still this server's own.
    ///
    /// Streaming calls end with `status` at once. Unary calls have `grace` to finish, then they end with it too. When this
    /// returns, all connections are closed.
    ///
    /// - Parameters:
    ///   - status: what callers are told.
    ///   - grace: how long unary calls and slow readers may take.
    package func shutDown(with status: GRPCStatusError, grace: Duration) async {
        if ownsSocketFile { ListeningSocket.remove(configuration.socketPath) }
        file.withLock { $0 = nil }
        let channel = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        // An error here means that it is closed already.
        try? await channel?.close().get()
        tellSessions(status, endsUnary: grace <= .zero)
        let loop = EventLoops.shared.any()
        let delay = TimeAmount.nanoseconds(Int64(max(grace, .zero) / .nanoseconds(1)))
        let end = loop.scheduleTask(in: delay) { self.tellSessions(status, endsUnary: true) }
        let force = loop.scheduleTask(in: delay + GRPCServer.statusTime) {
            for session in self.state.withLock({ Array($0.sessions.values) }) { session.value.close() }
        }
        let closed = state.withLock { Array($0.closures.values) }
        // Closing never fails in a way that leaves the connection open.
        try? await EventLoopFuture.andAllComplete(closed, on: loop).get()
        end.cancel()
        force.cancel()
    }

    /// How long callers may take to read the status of a call that was ended.
    private static let statusTime = TimeAmount.seconds(1)

    private func tellSessions(_ status: GRPCStatusError, endsUnary: Bool) {
        let sessions = state.withLock { Array($0.sessions.values) }
        for session in sessions {
            session.eventLoop.execute { session.value.shutDown(status, endsUnary: endsUnary) }
        }
    }

    // MARK: Connections

    private var bootstrap: ServerBootstrap {
        ServerBootstrap(group: EventLoops.shared)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                PeerCredentials.of(channel).flatMapThrowing { try self.welcome($0, on: channel) }
            }
    }

    /// Sets a new connection up, or throws, which closes it.
    private func welcome(_ peer: PeerCredentials, on channel: any Channel) throws {
        guard configuration.allowedUserIDs.contains(peer.userID) else {
            logger.warning("refused a connection", metadata: ["uid": "\(peer.userID)", "pid": "\(peer.processID)"])
            throw ChannelError.operationUnsupported
        }
        let number = state.withLock { state -> Int? in
            guard state.sessions.count < configuration.connectionLimit,
                state.processes[peer.processID, default: 0] < configuration.processConnectionLimit
            else { return nil }
            defer { state.nextConnection += 1 }
            return state.nextConnection
        }
        guard let number else {
            logger.warning("refused a connection: as many as may be are open", metadata: ["pid": "\(peer.processID)"])
            throw ChannelError.operationUnsupported
        }
        let machine = GRPCServerConnection(
            methods: methods.mapValues(\.kind),
            messageLimit: configuration.messageLimit,
            now: .now
        )
        let driver = ServerSession.Driver(machine)
        let session = ServerSession(
            driver: driver,
            eventLoop: channel.eventLoop,
            methods: methods,
            connection: number,
            peer: peer,
            logger: logger
        )
        let bound = NIOLoopBound(session, eventLoop: channel.eventLoop)
        state.withLock {
            $0.sessions[number] = bound
            $0.closures[number] = channel.closeFuture
            $0.processes[peer.processID, default: 0] += 1
        }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock {
                $0.sessions[number] = nil
                $0.closures[number] = nil
                let left = $0.processes[peer.processID, default: 1] - 1
                $0.processes[peer.processID] = left > 0 ? left : nil
            }
        }
        try channel.pipeline.syncOperations.addHandler(driver)
    }
}
