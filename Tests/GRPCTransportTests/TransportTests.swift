import GRPC
import GRPCTransport
import Glibc
import Logging
import Testing

/// Real Unix sockets; one test after the other, so that descriptors can be counted.
@Suite(.serialized, .timeLimit(.minutes(2))) struct TransportTests {
    private func status(of body: () async throws -> Void) async -> GRPCStatusError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? GRPCStatusError
        }
    }

    // MARK: Calls

    @Test func `unary calls of every size come back`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        for size in [0, 1, 16_379, 16_380, 65_535, 1 << 20, (4 << 20) - 1] {
            let message = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(try await client.unary("/t.T/Echo", message, timeout: nil) == message)
        }
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test(arguments: [
        ("/t.T/Fail", GRPCStatusError(.failedPrecondition, "nö")),
        ("/t.T/Mishap", GRPCStatusError(.unknown, "Mishap()")),
        ("/t.T/None", GRPCStatusError(.unimplemented, "unknown method /t.T/None")),
    ])
    func `what a handler throws is the status, and the server goes on`(path: String, expected: GRPCStatusError)
        async throws
    {
        let rig = try await Rig()
        let client = try await rig.connect()
        #expect(await status { _ = try await client.unary(path, [], timeout: nil) } == expected)
        #expect(try await client.unary("/t.T/Echo", [1], timeout: nil) == [1])
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `a handler knows its caller`() async throws {
        let rig = try await Rig()
        let first = try await rig.connect()
        let second = try await rig.connect()
        #expect(try await first.unary("/t.T/Who", [], timeout: nil) == Array("\(geteuid()) 1".utf8))
        #expect(try await second.unary("/t.T/Who", [], timeout: nil) == Array("\(geteuid()) 2".utf8))
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `a stream gives its messages in order and ends`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        var received: [[UInt8]] = []
        for try await message in await client.serverStream("/t.T/Count", Array(0..<200)) { received.append(message) }
        #expect(received == (0..<200).map { [$0] })
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `many calls run at a time on one connection, beside an open stream`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        var watch = await client.serverStream("/t.T/Watch", [9]).makeAsyncIterator()
        #expect(try await watch.next() == [9])
        let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<300 {
                let message = Array(repeating: UInt8(truncatingIfNeeded: number), count: number * 40)
                group.addTask { try await client.unary("/t.T/Echo", message, timeout: .seconds(60)) == message }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answers == 300)
        #expect(rig.server.connectionCount == 1)
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `messages above a side's limit are RESOURCE_EXHAUSTED there`() async throws {
        let rig = try await Rig { $0.messageLimit = 5 << 20 }
        let client = try await rig.connect()
        let large = Array(repeating: UInt8(0), count: (5 << 20) + 1)
        #expect(
            await status { _ = try await client.unary("/t.T/Echo", large, timeout: nil) }?.code == .resourceExhausted
        )
        let answer = Array(large.dropLast())
        #expect(
            await status { _ = try await client.unary("/t.T/Echo", answer, timeout: nil) }?.code == .resourceExhausted
        )
        var configuration = GRPCClient.Configuration()
        configuration.messageLimit = 5 << 20
        let patient = try await GRPCClient.connect(to: rig.directory.socket, configuration)
        #expect(try await patient.unary("/t.T/Echo", answer, timeout: nil).count == 5 << 20)
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    // MARK: Ends

    @Test func `cancelling the caller's task stops the handler`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        let call = Task { try await client.unary("/t.T/Wait", [], timeout: nil) }
        #expect(await rig.journal.next() == "waiting for ever")
        call.cancel()
        #expect(await status { _ = try await call.value }?.code == .cancelled)
        #expect(await rig.journal.next() == "stopped")
        #expect(try await client.unary("/t.T/Echo", [1], timeout: nil) == [1])
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `a call of a task that is cancelled already is CANCELLED`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        let call = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.unary("/t.T/Wait", [], timeout: nil)
        }
        #expect(await status { _ = try await call.value }?.code == .cancelled)
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `a deadline ends the call on both sides`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        let ended = await status { _ = try await client.unary("/t.T/Wait", [], timeout: .milliseconds(20)) }
        #expect(ended?.code == .deadlineExceeded)
        #expect(await rig.journal.next() == "waiting until a deadline")
        #expect(await rig.journal.next() == "stopped")
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `dropping a stream stops its handler`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        do {
            var watch = await client.serverStream("/t.T/Watch", [9]).makeAsyncIterator()
            #expect(try await watch.next() == [9])
        }
        #expect(await rig.journal.next() == "watching")
        #expect(await rig.journal.next() == "stopped")
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `a caller that closes stops its handlers, and its own calls are UNAVAILABLE`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        var watch = await client.serverStream("/t.T/Watch", [9]).makeAsyncIterator()
        #expect(try await watch.next() == [9])
        #expect(await rig.journal.next() == "watching")
        #expect(client.isOpen)
        await client.close()
        #expect(!client.isOpen)
        #expect(await rig.journal.next() == "stopped")
        #expect(await status { _ = try await watch.next() }?.code == .unavailable)
        #expect(await status { _ = try await client.unary("/t.T/Echo", [], timeout: nil) }?.code == .unavailable)
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `a slow reader holds the writer back, and its going ends a waiting write`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        // The windows and buffers between the two hold far fewer than 100 messages of 100,000 octets.
        var flood = await client.serverStream("/t.T/Flood", []).makeAsyncIterator()
        for read in 0..<300 {
            #expect(try await flood.next()?.count == 100_000)
            #expect(rig.written.count < read + 100)
        }
        await client.close()
        #expect(await rig.journal.next()?.contains("CANCELLED") == true)
        #expect(rig.written.count < 400)
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    // MARK: Shutting down

    @Test func `a shutdown ends streams with its status, lets unary calls finish and removes the socket`() async throws
    {
        let rig = try await Rig()
        let client = try await rig.connect()
        var watch = await client.serverStream("/t.T/Watch", [9]).makeAsyncIterator()
        #expect(try await watch.next() == [9])
        #expect(await rig.journal.next() == "watching")
        let call = Task { try await client.unary("/t.T/Gate", [7], timeout: nil) }
        #expect(await rig.journal.next() == "at the gate")
        await rig.server.shutDown(with: Rig.bye, grace: .seconds(60))
        #expect(try await call.value == [7])
        #expect(await status { _ = try await watch.next() } == Rig.bye)
        #expect(rig.server.connectionCount == 0)
        #expect(!rig.directory.exists("a.sock"))
        #expect(await status { _ = try await rig.connect() }?.code == .unavailable)
    }

    @Test func `a shutdown without grace ends unary calls too`() async throws {
        let rig = try await Rig()
        let client = try await rig.connect()
        let call = Task { try await client.unary("/t.T/Wait", [], timeout: nil) }
        _ = await rig.journal.next()
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
        #expect(await status { _ = try await call.value } == Rig.bye)
        #expect(await rig.journal.next() == "stopped")
    }

    @Test func `a caller that grants no window does not hold a shutdown up`() async throws {
        let rig = try await Rig()
        let stingy = try #require(rig.directory.connectStingily())
        while rig.server.connectionCount == 0 { await Task.yield() }
        let start = ContinuousClock.now
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
        #expect(rig.server.connectionCount == 0)
        #expect(ContinuousClock.now - start < .seconds(30))
        close(stingy)
    }

    // MARK: Sockets

    @Test(arguments: [false, true])
    func `only the owner may use the socket file, and it is known again`(underDotName: Bool) async throws {
        let rig = try await Rig { $0.bindsUnderDotName = underDotName }
        #expect(rig.directory.mode(of: rig.directory.socket) == 0o600)
        #expect(!rig.directory.exists(".a.sock"))
        #expect(rig.server.ownsSocketFile)
        _ = try await rig.connect()
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
        #expect(!rig.directory.exists("a.sock"))
    }

    /// Mellanox/k8s-rdma-shared-dev-plugin#319: the old instance removed the socket of the new one.
    @Test func `a socket file that another made is neither owned nor removed`() async throws {
        let rig = try await Rig()
        unlink(rig.directory.socket)
        #expect(!rig.server.ownsSocketFile)
        let other = rig.directory.listenSilently(on: rig.directory.socket)
        #expect(!rig.server.ownsSocketFile)
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
        #expect(rig.directory.exists("a.sock"))
        close(other)
    }

    @Test func `a path in use and a path too long are refused with the call and the reason`() async throws {
        let rig = try await Rig()
        var configuration = GRPCServer.Configuration(socketPath: rig.directory.socket)
        func start() async -> TransportError? {
            do throws(TransportError) {
                _ = try await GRPCServer.start(configuration, methods: [], logger: .init(label: "test"))
                return nil
            } catch {
                return error
            }
        }
        guard case .system(EADDRINUSE, _)? = await start()?.reason else {
            Issue.record("a path in use was taken")
            return
        }
        configuration.socketPath = rig.directory.path + "/" + String(repeating: "x", count: 90)
        let octets = configuration.socketPath.utf8.count
        #expect(await start()?.reason == .pathTooLong(octets: octets, limit: 107))
        configuration.socketPath = rig.directory.path + "/none/a.sock"
        #expect(await start()?.description == "bind \(configuration.socketPath): No such file or directory")
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `another user's process is shut out`() async throws {
        let rig = try await Rig { $0.allowedUserIDs = [geteuid() + 1] }
        #expect(await status { _ = try await rig.connect() }?.code == .unavailable)
        #expect(rig.server.connectionCount == 0)
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `connections above the limit are closed, and a free place can be taken`() async throws {
        let rig = try await Rig { $0.connectionLimit = 1 }
        let first = try await rig.connect()
        #expect(await status { _ = try await rig.connect() }?.code == .unavailable)
        await first.close()
        while rig.server.connectionCount > 0 { await Task.yield() }
        let second = try await rig.connect()
        #expect(try await second.unary("/t.T/Echo", [1], timeout: nil) == [1])
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `one process cannot take every connection`() async throws {
        let rig = try await Rig { $0.processConnectionLimit = 2 }
        let clients = [try await rig.connect(), try await rig.connect()]
        #expect(await status { _ = try await rig.connect() }?.code == .unavailable)
        #expect(rig.server.connectionCount == 2)
        for client in clients { await client.close() }
        while rig.server.connectionCount > 0 { await Task.yield() }
        let later = try await rig.connect()
        #expect(try await later.unary("/t.T/Echo", [1], timeout: nil) == [1])
        await rig.server.shutDown(with: Rig.bye, grace: .zero)
    }

    @Test func `connecting to nothing, to a dead socket and to a silent one fails with a status`() async throws {
        let directory = SocketDirectory()
        #expect(await status { _ = try await GRPCClient.connect(to: directory.socket) }?.code == .unavailable)
        close(directory.listenSilently(on: directory.socket))
        #expect(await status { _ = try await GRPCClient.connect(to: directory.socket) }?.code == .unavailable)
        let silent = directory.listenSilently(on: "\(directory.path)/b.sock")
        var configuration = GRPCClient.Configuration()
        configuration.connectTimeout = .milliseconds(20)
        let ended = await status { _ = try await GRPCClient.connect(to: "\(directory.path)/b.sock", configuration) }
        #expect(ended?.code == .deadlineExceeded)
        close(silent)
    }

    @Test func `no descriptor is left open`() async throws {
        func descriptors() -> Int {
            (0..<1024).count { fcntl(CInt($0), F_GETFD) != -1 }
        }
        func round() async throws {
            let rig = try await Rig()
            let client = try await rig.connect()
            _ = try await client.unary("/t.T/Echo", [1], timeout: nil)
            _ = await status { _ = try await client.unary("/t.T/Fail", [], timeout: nil) }
            await client.close()
            await rig.server.shutDown(with: Rig.bye, grace: .zero)
        }
        try await round()  // the event loop's own descriptors are open from here on
        let before = descriptors()
        for _ in 0..<5 { try await round() }
        #expect(descriptors() == before)
        let leak = dup(0)
        #expect(descriptors() == before + 1, "a leak would be seen")
        close(leak)
    }
}
