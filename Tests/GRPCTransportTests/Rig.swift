import GRPC
import GRPCTransport
import Glibc
import Logging
import Synchronization

/// A directory of its own for sockets, removed with all in it.
final class SocketDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/grpc-transport-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
    }

    deinit {
        for name in ["a.sock", ".a.sock", "b.sock"] { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    var socket: String { "\(path)/a.sock" }

    func mode(of path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    func exists(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }

    /// A socket that listens and never says a word, or is closed again, which leaves its file.
    func listenSilently(on path: String) -> CInt {
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        _ = withAddress(path) { bind(descriptor, $0, $1) }
        listen(descriptor, 5)
        return descriptor
    }

    /// A caller that opens `Watch` with windows of 0, then neither reads nor writes.
    func connectStingily() -> CInt? {
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        guard withAddress(socket, { connect(descriptor, $0, $1) }) == 0 else { return nil }
        let path = Array("/t.T/Watch".utf8)
        let type = Array("application/grpc".utf8)
        let block = [0x83, 0x86, 0x04, UInt8(path.count)] + path + [0x0f, 0x10, UInt8(type.count)] + type
        let bytes =
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
            + [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]  // SETTINGS: INITIAL_WINDOW_SIZE 0
            + [0, 0, UInt8(block.count), 1, 4, 0, 0, 0, 1] + block
            + [0, 0, 5, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]  // DATA: an empty message
        return write(descriptor, bytes, bytes.count) == bytes.count ? descriptor : nil
    }

    private func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }
}

/// What happened, told from handlers to tests.
final class Journal: Sendable {
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func note(_ text: String) { continuation.yield(text) }

    /// Waits for the next note.
    func next() async -> String? {
        for await note in stream { return note }
        return nil
    }
}

struct Mishap: Error {}

/// A server with methods for every behaviour.
struct Rig: ~Copyable {
    let directory = SocketDirectory()
    let journal = Journal()
    let server: GRPCServer
    /// Messages the `Flood` method has written.
    let written: Counter

    init(_ adjust: (inout GRPCServer.Configuration) -> Void = { _ in }) async throws {
        var configuration = GRPCServer.Configuration(socketPath: directory.socket)
        configuration.allowedUserIDs = [geteuid()]
        adjust(&configuration)
        written = Counter()
        server = try await GRPCServer.start(
            configuration,
            methods: Rig.methods(journal, written),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func connect() async throws -> GRPCClient { try await GRPCClient.connect(to: directory.socket) }

    static let bye = GRPCStatusError(.unavailable, "bye")

    private static func methods(_ journal: Journal, _ written: Counter) -> [GRPCMethod] {
        [
            .unary("/t.T/Echo") { request, _ in request },
            .unary("/t.T/Who") { _, context in Array("\(context.peer.userID) \(context.connection)".utf8) },
            .unary("/t.T/Fail") { _, _ in throw GRPCStatusError(.failedPrecondition, "nö") },
            .unary("/t.T/Mishap") { _, _ in throw Mishap() },
            .unary("/t.T/Wait") { request, context in
                journal.note("waiting \(context.deadline == nil ? "for ever" : "until a deadline")")
                await untilCancelled()
                journal.note("stopped")
                return request
            },
            .unary("/t.T/Gate") { request, _ in
                journal.note("at the gate")
                try await Task.sleep(for: .milliseconds(1))
                return request
            },
            .serverStreaming("/t.T/Watch") { request, _, writer in
                try await writer.write(request)
                journal.note("watching")
                await untilCancelled()
                journal.note("stopped")
            },
            .serverStreaming("/t.T/Count") { request, _, writer in
                for number in request { try await writer.write([number]) }
            },
            .serverStreaming("/t.T/Flood") { _, _, writer in
                do {
                    while true {
                        try await writer.write(Array(repeating: 1, count: 100_000))
                        written.add()
                    }
                } catch {
                    journal.note("\(error)")
                }
            },
        ]
    }

    /// Returns when the task is cancelled, as a loop over an asynchronous stream does.
    private static func untilCancelled() async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }
}

final class Counter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
}
