import GRPC
import HTTP2
import NIOCore

/// A client's connection: brings calls to the machine and its messages to whoever waits for them.
///
/// All of it runs on the connection's event loop.
final class ClientSession {
    typealias Driver = MachineHandler<GRPCClientConnection>
    typealias Delivery = Result<[UInt8]?, GRPCStatusError>

    private struct Reading {
        var messages: [[UInt8]] = []
        var waiter: ((Delivery) -> Void)?
        var end: Delivery?
    }

    private let driver: Driver
    private var readings: [CallID: Reading] = [:]
    private var opening: Result<Void, GRPCStatusError>?
    private var onOpen: ((Result<Void, GRPCStatusError>) -> Void)?

    init(driver: Driver) {
        self.driver = driver
        // The session owns the driver, and whoever can start a call owns the session.
        driver.onEvent = { [weak self] in self?.handle($0) }
        driver.onClose = { [weak self] in self?.settle(.failure(GRPCStatusError(.unavailable, $0))) }
    }

    /// Calls back when the server's SETTINGS are here, or the connection failed.
    func whenOpen(_ callBack: @escaping (Result<Void, GRPCStatusError>) -> Void) {
        if let opening { callBack(opening) } else { onOpen = callBack }
    }

    func connectTimedOut() {
        settle(.failure(GRPCStatusError(.deadlineExceeded, "the server sent no SETTINGS in time")))
    }

    func start(
        _ path: String,
        _ kind: MethodKind,
        _ request: [UInt8],
        _ timeout: Duration?,
        _ metadata: GRPCMetadata
    ) -> CallID {
        let id = driver.machine.start(path, kind, request, timeout: timeout, metadata: metadata, now: .now)
        readings[id] = Reading()
        driver.run()
        driver.deliverEvents()  // also those of a call that failed at once, on a connection that is gone
        return id
    }

    /// Gives the next message, `nil` after the last, to `waiter`; there is at most one at a time.
    func next(_ id: CallID, _ waiter: @escaping (Delivery) -> Void) {
        guard let reading = readings[id] else { return waiter(.success(nil)) }
        guard reading.waiter == nil else {
            return waiter(.failure(GRPCStatusError(.internalError, "two readers of one stream")))
        }
        readings[id]?.waiter = waiter
        deliver(id)
    }

    /// Ends a call; whoever reads it hears that it was cancelled.
    func cancel(_ id: CallID) {
        guard let reading = readings[id], reading.end == nil else { return }
        readings[id]?.messages = []
        readings[id]?.end = .failure(GRPCStatusError(.cancelled, "cancelled"))
        deliver(id)
        driver.machine.cancel(id)
        driver.run()
    }

    /// Ends a call that nobody reads any more.
    func forget(_ id: CallID) {
        cancel(id)
        readings[id] = nil
    }

    private func handle(_ event: GRPCClientConnection.Event) {
        switch event {
        case .opened: settle(.success(()))
        case .message(let id, let message):
            readings[id]?.messages.append(message)
            deliver(id)
        case .ended(let id, let status):
            readings[id]?.end = status.map { .failure($0) } ?? .success(nil)
            deliver(id)
        case .failed(let violation): settle(.failure(GRPCStatusError(.unavailable, "\(violation)")))
        }
    }

    private func deliver(_ id: CallID) {
        guard let reading = readings[id], let waiter = reading.waiter else { return }
        if let message = reading.messages.first {
            readings[id]?.waiter = nil
            readings[id]?.messages.removeFirst()
            driver.machine.taken(message.count, on: id)
            waiter(.success(message))
            driver.run()
        } else if let end = reading.end {
            readings[id] = nil
            waiter(end)
        }
    }

    private func settle(_ result: Result<Void, GRPCStatusError>) {
        guard opening == nil else { return }
        opening = result
        onOpen?(result)
        onOpen = nil
    }
}
