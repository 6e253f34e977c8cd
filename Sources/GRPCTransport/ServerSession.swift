import GRPC
import HTTP2
import Logging
import NIOCore
import Synchronization

/// One accepted connection: runs a handler for each request and brings its answer back to the machine.
///
/// All of it runs on the connection's event loop; handlers reach it through ``port``.
final class ServerSession {
    private struct Waiter {
        let number: Int
        let resume: (Result<Void, GRPCStatusError>) -> Void
    }

    private struct RunningCall {
        let task: Task<Void, Never>
        let answer: AnswerMetadata
        var waiters: [Waiter] = []
    }

    typealias Driver = MachineHandler<GRPCServerConnection>

    private let driver: Driver
    private let eventLoop: any EventLoop
    private let methods: [String: GRPCMethod]
    private let connection: Int
    private let peer: PeerCredentials
    private let logger: Logger
    private var calls: [StreamID: RunningCall] = [:]

    init(
        driver: Driver,
        eventLoop: any EventLoop,
        methods: [String: GRPCMethod],
        connection: Int,
        peer: PeerCredentials,
        logger: Logger
    ) {
        self.driver = driver
        self.eventLoop = eventLoop
        self.methods = methods
        self.connection = connection
        self.peer = peer
        self.logger = logger
        // The session owns the driver; the server owns the session until it closes, and so does each running handler.
        driver.onEvent = { [weak self] in self?.handle($0) }
    }

    func shutDown(_ status: GRPCStatusError, endsUnary: Bool) {
        driver.machine.shutDown(status, endsUnary: endsUnary, now: .now)
        driver.run()
    }

    func close() { driver.close() }

    private func handle(_ event: GRPCServerConnection.Event) {
        switch event {
        case .opened: logger.debug("a caller connected", metadata: ["pid": "\(peer.processID)"])
        case .request(let id, let request): start(id, request)
        case .cancelled(let id, let status):
            guard let call = calls[id] else { return }
            call.task.cancel()
            wake(id, .failure(status))
        case .drained(let id): wake(id, .success(()))
        case .failed(let violation):
            logger.warning("connection ended: \(violation)", metadata: ["pid": "\(peer.processID)"])
        }
    }

    private func start(_ id: StreamID, _ request: GRPCRequest) {
        guard let method = methods[request.path] else { return }  // the machine knows the same methods
        let context = CallContext(
            path: request.path,
            deadline: request.deadline,
            connection: connection,
            peer: peer,
            fields: request.metadata
        )
        let port = NIOLoopBound(self, eventLoop: eventLoop)
        let eventLoop = eventLoop
        let writer = ServerSession.writer(for: id, port, eventLoop)
        let task = Task {
            let outcome = await ServerSession.run(method, request.message, context, writer)
            eventLoop.execute { port.value.finish(id, outcome) }
        }
        calls[id] = RunningCall(task: task, answer: context.answer)
    }

    /// Runs a handler, whatever it throws, to the message and status of its call.
    private static func run(
        _ method: GRPCMethod,
        _ message: [UInt8],
        _ context: CallContext,
        _ writer: ServerStreamWriter
    ) async -> Result<[UInt8]?, GRPCStatusError> {
        do {
            switch method.handler {
            case .unary(let handler): return .success(try await handler(message, context))
            case .serverStreaming(let handler):
                try await handler(message, context, writer)
                return .success(nil)
            }
        } catch let status as GRPCStatusError {
            // An error that claims to be OK would leave a unary call without its message.
            return .failure(status.code == .ok ? GRPCStatusError(.unknown, status.message) : status)
        } catch is CancellationError {
            return .failure(GRPCStatusError(.cancelled, "cancelled"))
        } catch {
            return .failure(GRPCStatusError(.unknown, "\(error)"))
        }
    }

    private func finish(_ id: StreamID, _ outcome: Result<[UInt8]?, GRPCStatusError>) {
        wake(id, .failure(GRPCStatusError(.cancelled, "the handler has returned")))
        let metadata = calls.removeValue(forKey: id)?.answer
        let headers = metadata?.headers.withLock { $0 } ?? GRPCMetadata()
        let trailers = metadata?.trailers.withLock { $0 } ?? GRPCMetadata()
        switch outcome {
        case .success(let message):
            if let message { driver.machine.send(message, on: id, headers: headers) }
            driver.machine.finish(id, nil, headers: headers, trailers: trailers, now: .now)
        case .failure(let status):
            driver.machine.finish(id, status, headers: headers, trailers: trailers, now: .now)
        }
        driver.machine.handlerEnded(id)
        driver.run()
    }

    // MARK: Writers

    private static func writer(
        for id: StreamID,
        _ port: NIOLoopBound<ServerSession>,
        _ eventLoop: any EventLoop
    ) -> ServerStreamWriter {
        let numbers = Numbers()
        return ServerStreamWriter { message in
            let number = numbers.next()
            return await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isCancelled = Task.isCancelled
                    eventLoop.execute {
                        let waiter = Waiter(number: number) { continuation.resume(returning: $0) }
                        guard !isCancelled else { return waiter.resume(.failure(taskCancelled)) }
                        port.value.write(message, on: id, waiter)
                    }
                }
            } onCancel: {
                eventLoop.execute { port.value.wakeCancelled(number, of: id) }
            }
        }
    }

    private func write(_ message: [UInt8], on id: StreamID, _ waiter: Waiter) {
        guard let call = calls[id], driver.machine.isRunning(id) else {
            return waiter.resume(.failure(GRPCStatusError(.cancelled, "the call is over")))
        }
        calls[id]?.waiters.append(waiter)
        driver.machine.send(message, on: id, headers: call.answer.headers.withLock { $0 })
        driver.run()
    }

    private func wake(_ id: StreamID, _ result: Result<Void, GRPCStatusError>) {
        guard let waiters = calls[id]?.waiters else { return }
        calls[id]?.waiters = []
        for waiter in waiters { waiter.resume(result) }
    }

    /// A task that waits in a write was cancelled by itself, not by the end of the call.
    private func wakeCancelled(_ number: Int, of id: StreamID) {
        guard let index = calls[id]?.waiters.firstIndex(where: { $0.number == number }) else { return }
        calls[id]?.waiters.remove(at: index).resume(.failure(ServerSession.taskCancelled))
    }

    private static let taskCancelled = GRPCStatusError(.cancelled, "the writing task was cancelled")
}
