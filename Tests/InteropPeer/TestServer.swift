import GRPC
import GRPCTransport
import Glibc
import Logging

/// The methods that the tests call.
enum TestServer {
    struct Mishap: Error {}

    static func serve(on socketPath: String) async throws {
        var configuration = GRPCServer.Configuration(socketPath: socketPath)
        configuration.allowedUserIDs = [0, geteuid()]
        let logger = Logger(label: "interop-peer") { StreamLogHandler.standardError(label: $0) }
        let server = try await GRPCServer.start(configuration, methods: methods, logger: logger)
        emit("ready")
        await Task.detached { while readLine() != nil {} }.value
        await server.shutDown(with: GRPCStatusError(.unavailable, "shutting down"), grace: .seconds(1))
    }

    private static let methods: [GRPCMethod] = [
        .unary("/test.Peer/Echo") { request, _ in request },
        // The request's text is the size of the answer.
        .unary("/test.Peer/Big") { request, _ in pattern(number(request)) },
        // The text is "CODE MESSAGE".
        .unary("/test.Peer/Fail") { request, _ in
            let parts = text(request).split(separator: " ", maxSplits: 1)
            throw GRPCStatusError(
                StatusCode(rawValue: Int(parts.first ?? "") ?? 2),
                String(parts.dropFirst().first ?? "")
            )
        },
        .unary("/test.Peer/Mishap") { _, _ in throw Mishap() },
        .unary("/test.Peer/Metadata") { request, context in Array((context.metadata(text(request)) ?? "").utf8) },
        // Gives back the octets of the request's x-test-bin, as the message, in the headers and in the trailers.
        .unary("/test.Peer/Decorated") { _, context in
            var metadata = GRPCMetadata()
            try metadata.add("x-plain", "a value")
            for octets in try context.binaryMetadata("x-test-bin") { try metadata.add("x-echo-bin", octets) }
            context.setHeaders(metadata)
            context.setTrailers(metadata)
            return try context.binaryMetadata("x-test-bin").flatMap { $0 }
        },
        .unary("/test.Peer/Wait") { _, _ in
            try await untilCancelled("Wait")
            return []
        },
        // The text is "COUNT SIZE".
        .serverStreaming("/test.Peer/Stream") { request, _, writer in
            let numbers = text(request).split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2 else { throw GRPCStatusError(.invalidArgument, "COUNT SIZE") }
            for _ in 0..<numbers[0] { try await writer.write(pattern(numbers[1])) }
        },
        .serverStreaming("/test.Peer/Forever") { request, _, writer in
            try await writer.write(request)
            try await untilCancelled("Forever")
        },
        .serverStreaming("/test.Peer/Flood") { _, _, writer in
            do {
                while true { try await writer.write(pattern(10_000)) }
            } catch {
                emit("stopped Flood")
                throw error
            }
        },
    ]

    private static func untilCancelled(_ name: String) async throws {
        do {
            while true { try await Task.sleep(for: .seconds(3600)) }
        } catch {
            emit("stopped \(name)")
            throw error
        }
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<max(count, 0)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func number(_ bytes: [UInt8]) -> Int { Int(text(bytes)) ?? 0 }
}
