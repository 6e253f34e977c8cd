import CShims
import Glibc

/// Who is at the other end of a Unix socket, as the kernel saw it when the connection was made.
package struct PeerCredentials: Equatable, Sendable {
    package let process: Int32
    package let user: UInt32
    package let group: UInt32
}

/// A connection to a Unix stream socket, every step of it with a deadline.
package struct UnixStream: ~Copyable, Sendable {
    private let descriptor: Descriptor
    private let path: String

    /// Connects to the socket at `path`.
    ///
    /// - Throws: ``SystemError`` of `socket` or `connect`: ENAMETOOLONG for more than 107 bytes, ECONNREFUSED where
    ///   nobody listens, ETIMEDOUT if the listener's queue is still full at the deadline.
    package init(connectingTo path: String, until deadline: Deadline) throws(SystemError) {
        try requireNoZeroByte(path, call: "connect")
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = Descriptor(owning: try systemCall("socket", path) { socket(AF_UNIX, type, 0) })
        var address = try Self.address(path)
        var wait: UInt64 = 1
        while true {
            do throws(SystemError) {
                try descriptor.call("connect", path) { number in
                    withUnsafePointer(to: &address) {
                        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                            connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                        }
                    }
                }
                break
            } catch {
                // A full queue cannot be polled for: unix(7) answers EAGAIN and forgets the attempt.
                guard error.errno == EAGAIN else { throw error }
                guard !deadline.isPast else { throw Self.timeout("connect", path) }
                pause(milliseconds: wait, until: deadline)
                wait = min(wait * 2, 50)
            }
        }
        self.descriptor = descriptor
        self.path = path
    }

    /// Takes over a connected socket, for instance one end of a pair.
    ///
    /// - Throws: ``SystemError`` of `fcntl`.
    init(owning descriptor: consuming Descriptor, path: String) throws(SystemError) {
        try descriptor.call("fcntl", path) { patchbay_set_nonblocking($0) }
        self.descriptor = descriptor
        self.path = path
    }

    /// Who listens there.
    ///
    /// - Throws: ``SystemError`` of `getsockopt`.
    package borrowing func peer() throws(SystemError) -> PeerCredentials {
        // struct ucred, which glibc hides from Swift: three 32-bit numbers.
        var credentials: (Int32, UInt32, UInt32) = (0, 0, 0)
        var size = socklen_t(MemoryLayout.size(ofValue: credentials))
        try descriptor.call("getsockopt", path) { getsockopt($0, SOL_SOCKET, SO_PEERCRED, &credentials, &size) }
        return PeerCredentials(process: credentials.0, user: credentials.1, group: credentials.2)
    }

    /// Sends all bytes.
    ///
    /// - Throws: ``SystemError`` of `send`: EPIPE if the peer is gone, ETIMEDOUT at the deadline.
    package borrowing func send(_ bytes: [UInt8], until deadline: Deadline) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = try attempt("send", POLLOUT, until: deadline) { number in
                rest.withUnsafeBytes { Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            }
            rest = rest.dropFirst(sent)
        }
    }

    /// Receives exactly `count` bytes; the caller has checked the number against its own limit.
    ///
    /// - Throws: ``SystemError`` of `recv`: ECONNRESET if the peer closes before, ETIMEDOUT at the deadline.
    package borrowing func receive(exactly count: Int, until deadline: Deadline) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            let part = try receive(atMost: count - bytes.count, until: deadline)
            guard !part.isEmpty else { throw SystemError(call: "recv", subject: path, errno: ECONNRESET) }
            bytes += part
        }
        return bytes
    }

    /// Receives what is there, at most `count` bytes, waiting for the first; empty once the peer has closed.
    ///
    /// - Throws: ``SystemError`` of `recv`; ETIMEDOUT at the deadline.
    package borrowing func receive(atMost count: Int, until deadline: Deadline) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, 65_536))
        let received = try attempt("recv", POLLIN, until: deadline) { number in
            bytes.withUnsafeMutableBytes { recv(number, $0.baseAddress, $0.count, 0) }
        }
        bytes.removeLast(bytes.count - received)
        return bytes
    }

    private borrowing func attempt(
        _ call: String,
        _ event: CInt,
        until deadline: Deadline,
        _ body: (CInt) -> Int
    ) throws(SystemError) -> Int {
        while true {
            do throws(SystemError) {
                return try descriptor.call(call, path, body)
            } catch {
                guard error.errno == EAGAIN else { throw error }
            }
            var watched = pollfd(fd: descriptor.rawValue, events: Int16(event), revents: 0)
            let ready = try systemCall("poll", path) { poll(&watched, 1, deadline.pollMilliseconds) }
            guard ready > 0 || !deadline.isPast else { throw Self.timeout(call, path) }
        }
    }

    private static func timeout(_ call: String, _ path: String) -> SystemError {
        SystemError(call: call, subject: path, errno: ETIMEDOUT)
    }

    private static func address(_ path: String) throws(SystemError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // One byte stays zero.
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError(call: "connect", subject: path, errno: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}
