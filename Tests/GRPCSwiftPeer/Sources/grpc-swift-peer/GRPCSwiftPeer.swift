import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// grpc-swift-2 as a peer of our programs.
///
///     grpc-swift-peer serve SOCKET                    serves Echo, Stream and Fail until it is ended; prints "ready"
///     grpc-swift-peer check SOCKET                    calls our server in every way; prints "ok NAME" for each
///     grpc-swift-peer measure SOCKET CALLS PARALLEL   prints the microseconds of each unary call, then "total SECONDS"
@main
enum GRPCSwiftPeer {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("serve", 2): try await serve(arguments[1])
        case ("check", 2): try await withClient(arguments[1]) { try await OurServer(client: $0).check() }
        case ("measure", 4):
            let (calls, parallel) = (Int(arguments[2]) ?? 1, Int(arguments[3]) ?? 1)
            try await withClient(arguments[1]) { try await OurServer(client: $0).measure(calls, parallel) }
        default: print("usage: see the comment at the head of GRPCSwiftPeer.swift")
        }
    }

    private static func serve(_ path: String) async throws {
        let server = GRPCServer(
            transport: .http2NIOPosix(address: .unixDomainSocket(path: path), transportSecurity: .plaintext),
            services: [PeerService()]
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.serve() }
            group.addTask {
                _ = try await server.listeningAddress
                emit("ready")
            }
            try await group.waitForAll()
        }
    }

    private static func withClient(
        _ path: String,
        _ body: @escaping @Sendable (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Void
    ) async throws {
        let transport = try HTTP2ClientTransport.Posix.http2NIOPosix(
            target: .unixDomainSocket(path: path),
            transportSecurity: .plaintext
        )
        try await withGRPCClient(transport: transport) { client in try await body(client) }
    }
}

/// Octets as they are.
struct Octets: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] { bytes.withUnsafeBytes(Array.init) }
}

enum Method {
    static func named(_ name: String) -> MethodDescriptor {
        MethodDescriptor(fullyQualifiedService: "test.Peer", method: name)
    }
}

/// The same methods as interop-peer's, as far as they are called here.
struct PeerService: RegistrableRPCService {
    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        add("Echo", to: &router) { request, writer in try await writer.write(request) }
        // The text is "COUNT SIZE".
        add("Stream", to: &router) { request, writer in
            let numbers = String(decoding: request, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2 else { throw RPCError(code: .invalidArgument, message: "COUNT SIZE") }
            for _ in 0..<numbers[0] { try await writer.write(pattern(numbers[1])) }
        }
        add("Fail", to: &router) { request, _ in
            throw RPCError(code: .notFound, message: String(decoding: request, as: UTF8.self))
        }
    }

    private func add<Transport: ServerTransport>(
        _ name: String,
        to router: inout RPCRouter<Transport>,
        _ answer: @escaping @Sendable ([UInt8], RPCWriter<[UInt8]>) async throws -> Void
    ) {
        router.registerHandler(forMethod: Method.named(name), deserializer: Octets(), serializer: Octets()) {
            request,
            _ in
            var message: [UInt8] = []
            for try await each in request.messages { message = each }
            return StreamingServerResponse { [message] writer in
                try await answer(message, writer)
                return [:]
            }
        }
    }
}

func pattern(_ count: Int) -> [UInt8] { (0..<max(count, 0)).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

/// Writes a line at once, which `print` does not do into a pipe.
func emit(_ line: String) {
    print(line)
    flushOutput()
}
