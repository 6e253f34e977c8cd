import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc

func flushOutput() { fflush(nil) }

/// Our server, called by grpc-swift-2's client.
struct OurServer: Sendable {
    struct Mismatch: Error { let name: String }

    let client: GRPCClient<HTTP2ClientTransport.Posix>

    func check() async throws {
        for size in [0, 1, 16_379, 100_000, 4_000_000] {
            try claim("echo of \(size)", try await unary("Echo", pattern(size)) == pattern(size))
        }
        for (count, size) in [(0, 0), (1, 0), (1000, 10), (5, 70_000)] {
            let messages = try await stream("Stream", "\(count) \(size)")
            try claim("stream of \(count)", messages == Array(repeating: pattern(size), count: count))
        }
        try await checkErrors()
        let echoes = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<200 {
                group.addTask { try await unary("Echo", pattern(index * 37)) == pattern(index * 37) }
            }
            return try await group.reduce(true) { $0 && $1 }
        }
        try claim("200 calls at a time", echoes)
    }

    private func checkErrors() async throws {
        let failure = await error { _ = try await unary("Fail", Array("9 nöt 100%".utf8)) }
        try claim("status and message", failure?.code == .failedPrecondition && failure?.message == "nöt 100%")
        let unknown = await error { _ = try await unary("None", []) }
        try claim("unknown method", unknown?.code == .unimplemented)
        var options = CallOptions.defaults
        options.timeout = .milliseconds(200)
        let late = await error { [options] in _ = try await unary("Wait", [], options) }
        try claim("deadline", late?.code == .deadlineExceeded)
        let task = Task { await error { _ = try await unary("Wait", []) } }
        task.cancel()
        try claim("cancellation", await task.value != nil)
        try claim("alive", try await unary("Echo", [1]) == [1])
    }

    func measure(_ calls: Int, _ parallel: Int) async throws {
        _ = try await unary("Echo", [])
        let start = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for _ in 0..<parallel {
                group.addTask {
                    var times: [Duration] = []
                    for _ in 0..<(calls / parallel) {
                        let begin = ContinuousClock.now
                        _ = try await unary("Echo", [1, 2, 3, 4, 5])
                        times.append(.now - begin)
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let total = ContinuousClock.now - start
        for time in times { print(Int(time / .microseconds(1))) }
        emit("total \(total / .seconds(1))")
    }

    private func unary(_ name: String, _ request: [UInt8], _ options: CallOptions = .defaults) async throws -> [UInt8] {
        try await client.unary(
            request: ClientRequest(message: request),
            descriptor: Method.named(name),
            serializer: Octets(),
            deserializer: Octets(),
            options: options
        ) { try $0.message }
    }

    private func stream(_ name: String, _ request: String) async throws -> [[UInt8]] {
        try await client.serverStreaming(
            request: ClientRequest(message: Array(request.utf8)),
            descriptor: Method.named(name),
            serializer: Octets(),
            deserializer: Octets(),
            options: .defaults
        ) { response in
            var messages: [[UInt8]] = []
            for try await message in response.messages { messages.append(message) }
            return messages
        }
    }

    private func error(_ call: () async throws -> Void) async -> RPCError? {
        do { try await call() } catch { return error as? RPCError }
        return nil
    }

    private func claim(_ name: String, _ holds: Bool) throws {
        guard holds else { throw Mismatch(name: name) }
        emit("ok \(name)")
    }
}
