import Foundation
import Glibc
import LinuxSystem
import Logging
import NodeProtocol
import Scratch
import Synchronization
import Testing

@testable import NodeAgent

@Suite struct NodeServerTests {
    private let directory: TemporaryDirectory
    private var path: String { "\(directory.path)/s.sock" }

    init() throws { directory = try TemporaryDirectory() }

    private func start(
        answering: @escaping NodeServer.Answering = { _ in .pools([]) },
        allowing users: Set<UInt32> = [getuid()],
        limit: Int = 256,
        timeout: Int = 60
    ) async throws -> NodeServer {
        var configuration = NodeServer.Configuration(socketPath: path)
        configuration.allowedUserIDs = users
        configuration.connectionLimit = limit
        configuration.peerTimeoutSeconds = timeout
        return try await NodeServer.start(configuration, logger: Logger(label: "test"), answering: answering)
    }

    private func connect() throws -> UnixStream {
        try UnixStream(connectingTo: path, until: .after(seconds: 20))
    }

    /// What is sent back until the server closes.
    private func reply(to bytes: [UInt8]) async throws -> [UInt8] {
        let path = path
        return try await blocking { try exchange(bytes, at: path) }
    }

    private func answer(to bytes: [UInt8]) async throws -> NodeAnswer {
        var frame = MessageFrame()
        let bytes = try await reply(to: bytes)
        let message = try #require(try frame.receive(bytes))
        return try NodeAnswer(reading: message)
    }

    @Test func `a request is answered and the connection closed`() async throws {
        let server = try await start { request in .failure(NodeFailure(code: 7, message: request.name)) }
        let asked = NodeRequest.unknown("x")
        #expect(try await answer(to: framed(asked.message())) == .failure(NodeFailure(code: 7, message: "x")))
        await server.shutDown()
    }

    @Test func `the socket is its owner's alone and goes with the server`() async throws {
        let server = try await start()
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        await server.shutDown()
        #expect(try !File.exists(path))
    }

    @Test func `a socket that somebody left behind is replaced, another's is not removed`() async throws {
        let first = try await start { _ in .reported(isPublished: false) }
        let second = try await start { _ in .reported(isPublished: true) }
        await first.shutDown()
        #expect(try File.exists(path))
        #expect(try await answer(to: framed(NodeRequest.pools.message())) == .reported(isPublished: true))
        await second.shutDown()
    }

    @Test func `a peer of another user is refused`() async throws {
        let server = try await start(allowing: [4_000_000])
        #expect((try? await reply(to: [])) ?? [] == [])
        await server.shutDown()
    }

    @Test(
        arguments: [
            [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 1, 0x7b], [0, 0, 0, 2, 0x7b, 0x7d],
            [0, 0, 0, 2, 0x7b, 0x7d, 0, 0, 0, 2, 0x7b, 0x7d],
        ] as [[UInt8]]
    )
    func `nonsense is answered with an error and does no harm`(bytes: [UInt8]) async throws {
        let server = try await start()
        guard case .failure(let failure) = try await answer(to: bytes) else {
            Issue.record("was answered")
            return
        }
        #expect(failure.code == NodeFailure.badRequest)
        #expect(try await answer(to: framed(NodeRequest.pools.message())) == .pools([]))
        await server.shutDown()
    }

    @Test func `a newer program is told to try again`() async throws {
        let server = try await start()
        let text = Array(#"{"version":9,"release":"9.0","request":"pools"}"#.utf8)
        guard case .failure(let failure) = try await answer(to: framed(text)) else {
            Issue.record("was answered")
            return
        }
        #expect(failure.code == NodeFailure.tryAgainLater)
        await server.shutDown()
    }

    @Test func `an answer over the limit becomes an error`() async throws {
        let server = try await start { _ in
            .failure(NodeFailure(code: 7, message: String(repeating: "x", count: NodeWire.messageLimit)))
        }
        guard case .failure(let failure) = try await answer(to: framed(NodeRequest.pools.message())) else { return }
        #expect(failure.message.contains("longer than the limit"))
        await server.shutDown()
    }

    @Test func `who sends nothing is let go`() async throws {
        let server = try await start(timeout: 0)
        #expect(try await reply(to: []) == [])
        await server.shutDown()
    }

    @Test func `who goes away cancels the work for him`() async throws {
        let events = AsyncStream<String>.makeStream()
        let server = try await start { _ in
            events.continuation.yield("asked")
            // Ends by cancellation alone.
            try? await Task.sleep(for: .seconds(600))
            events.continuation.yield(Task.isCancelled ? "cancelled" : "finished")
            return .pools([])
        }
        var seen = events.stream.makeAsyncIterator()
        let stream = try connect()
        try stream.send(framed(NodeRequest.pools.message()), until: .after(seconds: 20))
        #expect(await seen.next() == "asked")
        drop(stream)
        #expect(await seen.next() == "cancelled")
        await server.shutDown()
    }

    private func drop(_ stream: consuming UnixStream) {}

    @Test func `more connections than the limit wait and are served`() async throws {
        let most = Mutex((now: 0, ever: 0))
        let server = try await start(
            answering: { _ in
                most.withLock {
                    $0.now += 1
                    $0.ever = max($0.ever, $0.now)
                }
                await Task.yield()
                most.withLock { $0.now -= 1 }
                return .pools([])
            },
            limit: 4
        )
        let path = path
        let served = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    // What fails is no answer.
                    let bytes = try? await blocking { try exchange(framed(NodeRequest.pools.message()), at: path) }
                    return bytes?.isEmpty == false
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(served == 60)
        #expect(most.withLock { $0.ever } <= 4)
        await server.shutDown()
    }
}

/// Sends bytes and returns all that comes back until the peer closes.
func exchange(_ bytes: [UInt8], at path: String) throws -> [UInt8] {
    let deadline = Deadline.after(seconds: 60)
    let stream = try UnixStream(connectingTo: path, until: deadline)
    if !bytes.isEmpty { try stream.send(bytes, until: deadline) }
    var all: [UInt8] = []
    while true {
        let part = try stream.receive(atMost: 65_536, until: deadline)
        if part.isEmpty { return all }
        all += part
    }
}

/// Runs what blocks on a thread of its own, so that the server's tasks have theirs.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
