import CShims
import Glibc

/// An open file descriptor, closed when it goes out of scope.
package struct Descriptor: ~Copyable, Sendable {
    /// The number in this process's table; valid as long as the owner lives.
    package let rawValue: CInt

    /// Takes over a descriptor that nobody else closes.
    package init(owning rawValue: CInt) {
        self.rawValue = rawValue
    }

    deinit {
        // EINTR included: Linux has freed the number by then, and whoever writes syncs first.
        close(rawValue)
    }

    /// Opens a path, close-on-exec.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - flags: The `O_` flags beside `O_CLOEXEC`.
    ///   - mode: The permissions of a file that is created, before the umask.
    /// - Throws: ``SystemError`` of `open`.
    init(opening path: String, flags: CInt, mode: mode_t = 0) throws(SystemError) {
        try requireNoZeroByte(path, call: "open")
        self.rawValue = try systemCall("open", path) { open(path, flags | O_CLOEXEC, mode) }
    }

    /// Copies a descriptor of the process, close-on-exec, to a number of at least 3.
    ///
    /// - Throws: ``SystemError`` of `fcntl`.
    package init(copying rawValue: CInt) throws(SystemError) {
        self.rawValue = try systemCall("fcntl", "F_DUPFD_CLOEXEC \(rawValue)") { patchbay_duplicate(rawValue) }
    }

    /// Gives the number away; nobody closes it any more.
    package consuming func release() -> CInt {
        let number = rawValue
        discard self
        return number
    }

    /// Makes a system call on the number while the owner is sure to live, again after an interruption.
    ///
    /// - Throws: ``SystemError`` with the errno of the failed call.
    @discardableResult
    borrowing func call<Number: SignedInteger>(
        _ call: String,
        _ subject: @autoclosure () -> String,
        _ body: (CInt) -> Number
    ) throws(SystemError) -> Number {
        try systemCall(call, subject()) { body(rawValue) }
    }

    /// Reads once, at most `count` bytes; empty at the end.
    ///
    /// - Throws: ``SystemError`` of `read`; EAGAIN if the descriptor does not block and has nothing.
    borrowing func read(atMost count: Int, of subject: String) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = try call("read", subject) { number in
            bytes.withUnsafeMutableBytes { Glibc.read(number, $0.baseAddress, $0.count) }
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Reads to the end.
    ///
    /// - Throws: ``SystemError`` of `read`; EFBIG if there are more than `limit` bytes.
    borrowing func readToEnd(limit: Int, of subject: String) throws(SystemError) -> [UInt8] {
        var collected: [UInt8] = []
        while true {
            // One byte beyond the limit is asked for: that shows whether there is more.
            let part = try read(atMost: min(4096, limit + 1 - collected.count), of: subject)
            if part.isEmpty { return collected }
            collected += part
            guard collected.count <= limit else { throw SystemError(call: "read", subject: subject, errno: EFBIG) }
        }
    }

    /// Writes all bytes, in as many calls as the kernel wants.
    ///
    /// - Throws: ``SystemError`` of `write`.
    borrowing func write(_ bytes: [UInt8], to subject: String) throws(SystemError) {
        try writeAll(bytes, to: rawValue, subject: subject)
    }
}

/// Writes all bytes to a descriptor that others own.
func writeAll(_ bytes: [UInt8], to descriptor: CInt, subject: String) throws(SystemError) {
    var written = 0
    while written < bytes.count {
        let start = written
        written += try systemCall("write", subject) {
            bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
    }
}

/// Two ends of a pipe, close-on-exec, numbered 3 or above.
struct Pipe: ~Copyable {
    let readEnd: Descriptor
    let writeEnd: Descriptor

    init() throws(SystemError) {
        var ends: [CInt] = [-1, -1]
        _ = try systemCall("pipe2", "pipe") { patchbay_pipe(&ends) }
        let readEnd = Descriptor(owning: ends[0])
        let writeEnd = Descriptor(owning: ends[1])
        let movedReadEnd = try Self.aboveStreams(readEnd)
        let movedWriteEnd = try Self.aboveStreams(writeEnd)
        self.readEnd = movedReadEnd
        self.writeEnd = movedWriteEnd
    }

    /// Closes the other end.
    consuming func keepingReadEnd() -> Descriptor { readEnd }

    /// Closes the other end.
    consuming func keepingWriteEnd() -> Descriptor { writeEnd }

    /// A program started with its standard streams closed gets low numbers, which a child's streams would overwrite.
    private static func aboveStreams(_ descriptor: consuming Descriptor) throws(SystemError) -> Descriptor {
        if descriptor.rawValue > 2 { return descriptor }
        return try Descriptor(copying: descriptor.rawValue)
    }
}
