import Glibc
import Scratch
import Testing

@testable import LinuxSystem

@Suite struct UnixStreamTests {
    let directory: TemporaryDirectory
    let limit = Deadline.after(seconds: 60)

    init() throws { directory = try TemporaryDirectory() }

    /// A socket that listens at `path` with room for `backlog` connections.
    private func listener(_ path: String, backlog: CInt = 8) throws -> Descriptor {
        let listener = Descriptor(owning: socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let number = listener.rawValue
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(number, backlog) == 0)
        return listener
    }

    @Test func `bytes go both ways and the peer is known`() throws {
        let listener = try listener(directory("socket"))
        let client = try UnixStream(connectingTo: directory("socket"), until: limit)
        let server = try UnixStream(owning: Descriptor(owning: accept(listener.rawValue, nil, nil)), path: "server")
        try client.send([1, 2, 3], until: limit)
        #expect(try server.receive(exactly: 2, until: limit) == [1, 2])
        #expect(try server.receive(atMost: 100, until: limit) == [3])
        let peer = try client.peer()
        #expect(peer == PeerCredentials(process: getpid(), user: getuid(), group: getgid()))
    }

    @Test func `a peer that says nothing costs no more than the deadline`() throws {
        let listener = try listener(directory("socket"))
        let client = try UnixStream(connectingTo: directory("socket"), until: limit)
        #expect(throws: SystemError(call: "recv", subject: directory("socket"), errno: ETIMEDOUT)) {
            try client.receive(exactly: 1, until: .after(milliseconds: 5))
        }
        // Nobody accepts: the buffers fill.
        #expect(throws: SystemError(call: "send", subject: directory("socket"), errno: ETIMEDOUT)) {
            try client.send([UInt8](repeating: 0, count: 10_000_000), until: .after(milliseconds: 5))
        }
        #expect(listener.rawValue > 0)
    }

    @Test func `a peer that goes is an end to who takes what comes and an error to who needs more`() throws {
        let listener = try listener(directory("socket"))
        let client = try UnixStream(connectingTo: directory("socket"), until: limit)
        func answerAndGo() throws {
            let server = try UnixStream(owning: Descriptor(owning: accept(listener.rawValue, nil, nil)), path: "server")
            try server.send([1], until: limit)
        }
        try answerAndGo()
        #expect(throws: SystemError(call: "recv", subject: directory("socket"), errno: ECONNRESET)) {
            try client.receive(exactly: 2, until: limit)
        }
        #expect(try client.receive(atMost: 10, until: limit) == [])
        #expect(throws: SystemError(call: "send", subject: directory("socket"), errno: EPIPE)) {
            try client.send([1], until: limit)
        }
    }

    @Test func `a listener with a full queue is waited for until the deadline`() throws {
        let listener = try listener(directory("socket"), backlog: 0)
        let first = try UnixStream(connectingTo: directory("socket"), until: .now)
        #expect(throws: SystemError(call: "connect", subject: directory("socket"), errno: ETIMEDOUT)) {
            _ = try UnixStream(connectingTo: directory("socket"), until: .after(milliseconds: 5))
        }
        #expect(try first.peer().process == getpid())
        #expect(listener.rawValue > 0)
    }

    @Test func `nobody listening and an impossible path are told apart`() throws {
        #expect(throws: SystemError(call: "connect", subject: directory("none"), errno: ENOENT)) {
            _ = try UnixStream(connectingTo: directory("none"), until: limit)
        }
        _ = try listener(directory("dead"))
        #expect(throws: SystemError(call: "connect", subject: directory("dead"), errno: ECONNREFUSED)) {
            _ = try UnixStream(connectingTo: directory("dead"), until: limit)
        }
        let long = directory(String(repeating: "x", count: 108))
        #expect(throws: SystemError(call: "connect", subject: long, errno: ENAMETOOLONG)) {
            _ = try UnixStream(connectingTo: long, until: limit)
        }
    }
}
