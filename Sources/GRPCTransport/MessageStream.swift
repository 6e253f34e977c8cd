package import GRPC
import NIOCore

/// The messages of a streaming answer, for one reader; its end is the call's OK, an error its status.
package struct MessageStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = GRPCStatusError

    let call: ClientCall

    /// Begins to read; all iterators of a stream take from the same messages.
    package func makeAsyncIterator() -> Iterator { Iterator(call: call) }

    /// Takes message after message; a server that is ahead by half a window has to wait.
    package struct Iterator: AsyncIteratorProtocol {
        let call: ClientCall

        /// The next message, `nil` after the last; cancelling the task cancels the call.
        ///
        /// - Throws: the call's status, if it is not OK.
        package mutating func next() async throws(GRPCStatusError) -> [UInt8]? { try await call.next() }

        /// The next message, as ``next()`` gives it, without leaving the caller's actor.
        ///
        /// - Throws: the call's status, if it is not OK.
        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(GRPCStatusError) -> [UInt8]? {
            try await call.next()
        }
    }
}

/// A caller's hold on its call: dropping it cancels the call.
final class ClientCall: Sendable {
    private let id: CallID
    private let session: NIOLoopBound<ClientSession>
    /// Keeps the connection open while a call runs.
    private let client: GRPCClient

    init(id: CallID, session: NIOLoopBound<ClientSession>, client: GRPCClient) {
        self.id = id
        self.session = session
        self.client = client
    }

    deinit {
        let (id, session) = (id, session)
        session.eventLoop.execute { session.value.forget(id) }
    }

    func next() async throws(GRPCStatusError) -> [UInt8]? {
        let (id, session) = (id, session)
        let delivery = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                session.eventLoop.execute { session.value.next(id) { continuation.resume(returning: $0) } }
            }
        } onCancel: {
            session.eventLoop.execute { session.value.cancel(id) }
        }
        return try delivery.get()
    }
}
