package import GRPC
import HPACK
import HTTP2
import Synchronization

/// A method a server serves, and what answers it.
///
/// A handler runs in a task of its own, which is cancelled when the caller cancels, its deadline passes, or it is gone. A
/// ``GRPCStatusError`` it throws is the call's status; anything else it throws is UNKNOWN with the error's description.
package struct GRPCMethod: Sendable {
    enum Handler: Sendable {
        case unary(@Sendable ([UInt8], CallContext) async throws -> [UInt8])
        case serverStreaming(@Sendable ([UInt8], CallContext, ServerStreamWriter) async throws -> Void)
    }

    let path: String
    let handler: Handler

    /// A method with one answer.
    ///
    /// - Parameters:
    ///   - path: `/service/method`, matched exactly.
    ///   - handler: takes the request's message, gives the answer's.
    /// - Returns: the method, for ``GRPCServer/start(_:methods:logger:)``.
    package static func unary(
        _ path: String,
        _ handler: @escaping @Sendable (_ request: [UInt8], _ context: CallContext) async throws -> [UInt8]
    ) -> GRPCMethod {
        GRPCMethod(path: path, handler: .unary(handler))
    }

    /// A method with a stream of answers, which ends OK when the handler returns.
    ///
    /// - Parameters:
    ///   - path: `/service/method`, matched exactly.
    ///   - handler: takes the request's message and writes the answers.
    /// - Returns: the method, for ``GRPCServer/start(_:methods:logger:)``.
    package static func serverStreaming(
        _ path: String,
        _ handler:
            @escaping @Sendable (
                _ request: [UInt8], _ context: CallContext, _ writer: ServerStreamWriter
            ) async throws -> Void
    ) -> GRPCMethod {
        GRPCMethod(path: path, handler: .serverStreaming(handler))
    }

    var kind: MethodKind {
        switch handler {
        case .unary: .unary
        case .serverStreaming: .serverStreaming
        }
    }
}

/// What a handler may know about its call.
package struct CallContext: Sendable {
    /// `/service/method`.
    package let path: String
    /// When the caller stops waiting; `nil` if it waits for ever.
    package let deadline: ContinuousClock.Instant?
    /// Which connection of the server the call came on; unique for the server's life.
    package let connection: Int
    /// Who called.
    package let peer: PeerCredentials
    let fields: [HeaderField]
    let answer = AnswerMetadata()

    /// The first value of a request field as text, by its lower-case name.
    package func metadata(_ name: String) -> String? { fields.text(of: name) }

    /// The values of the request fields with a name in `-bin`.
    ///
    /// - Throws: INTERNAL if one is not Base64.
    package func binaryMetadata(_ name: String) throws(GRPCStatusError) -> [[UInt8]] {
        try GRPCMetadata.octets(of: name, in: fields)
    }

    /// Sets the metadata that goes ahead of the answer's first message, or of its status if there is none.
    package func setHeaders(_ metadata: GRPCMetadata) { answer.headers.withLock { $0 = metadata } }

    /// Sets the metadata that goes with the answer's status.
    package func setTrailers(_ metadata: GRPCMetadata) { answer.trailers.withLock { $0 = metadata } }
}

/// What a handler gives along with its answer.
final class AnswerMetadata: Sendable {
    let headers = Mutex(GRPCMetadata())
    let trailers = Mutex(GRPCMetadata())
}

/// Sends the messages of a streaming answer.
package struct ServerStreamWriter: Sendable {
    let send: @Sendable ([UInt8]) async -> Result<Void, GRPCStatusError>

    /// Sends one message and returns when the connection has taken all of it, so a slow peer holds the handler back.
    ///
    /// - Throws: the status the call ended with, CANCELLED above all, when its peer is gone, also while waiting.
    package func write(_ message: [UInt8]) async throws(GRPCStatusError) { try await send(message).get() }
}
