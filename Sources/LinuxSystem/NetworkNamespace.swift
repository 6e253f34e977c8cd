import CShims
import Glibc

/// A network namespace held open: it lives as long as the value, also when its last process and its name are gone.
package struct NetworkNamespace: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// The path it was opened by, for errors.
    package let path: String

    /// What tells it from any other namespace of this boot while it exists.
    package let identity: FileIdentity

    /// The number to give to `IFLA_NET_NS_FD`; valid as long as this value lives.
    package var rawValue: CInt { descriptor.rawValue }

    /// Opens `/run/netns/NAME`, `/proc/PID/ns/net` and the like.
    ///
    /// A plain file, left where a bind mount once was, and a namespace of another type are refused.
    ///
    /// - Throws: ``SystemError`` of `open`; EINVAL of `setns` if it is no network namespace.
    package init(_ path: String) throws(SystemError) {
        let descriptor = try Descriptor(opening: path, flags: O_RDONLY)
        guard patchbay_is_network_namespace(descriptor.rawValue) != 0 else {
            throw SystemError(call: "setns", subject: path, errno: EINVAL)
        }
        self.identity = try FileIdentity(of: descriptor, subject: path)
        self.descriptor = descriptor
        self.path = path
    }

    /// The namespace of the calling thread, which in these programs is the process's.
    ///
    /// - Throws: ``SystemError`` of `open`.
    package static func current() throws(SystemError) -> NetworkNamespace {
        try NetworkNamespace("/proc/thread-self/ns/net")
    }

    /// Whether a path leads to a network namespace that is there now.
    ///
    /// - Throws: ``SystemError`` of `open`, except for ENOENT and ENOTDIR.
    package static func exists(_ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            let descriptor = try Descriptor(opening: path, flags: O_RDONLY)
            return patchbay_is_network_namespace(descriptor.rawValue) != 0
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return false
        }
    }

    /// Runs `body` in the namespace, on a thread made for it that ends with it, and waits.
    ///
    /// No thread that anything else runs on ever changes its namespace: one that did would take its later work, and
    /// every child it starts, along. Sockets opened in `body` stay with this namespace; `/proc/sys/net` there is this
    /// namespace's too, `/sys/class/net` is not.
    ///
    /// - Returns: What `body` returned, or the error it threw.
    /// - Throws: ``SystemError`` if the thread could not be made or not enter; `body` has not run then.
    package borrowing func run<Value: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(SystemError) -> Result<Value, Failure> {
        var result: Result<Value, Failure>?
        try enter {
            do throws(Failure) {
                result = .success(try body())
            } catch {
                result = .failure(error)
            }
        }
        // The thread ran: it could not have been entered otherwise.
        guard let result = result.take() else { throw SystemError(call: "setns", subject: path, errno: EINVAL) }
        return result
    }

    /// Runs a `body` that fails as the namespace itself would.
    ///
    /// - Throws: ``SystemError`` of `body`, or of entering.
    package borrowing func run<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        let result: Result<Value, SystemError> = try run(body)
        return try result.get()
    }

    private borrowing func enter(_ body: () -> Void) throws(SystemError) {
        var call: UnsafePointer<CChar>?
        let number = withoutActuallyEscaping(body) { body in
            var work = body
            return withUnsafeMutablePointer(to: &work) {
                patchbay_in_network_namespace(
                    descriptor.rawValue,
                    { $0?.assumingMemoryBound(to: (() -> Void).self).pointee() },
                    $0,
                    &call
                )
            }
        }
        guard number == 0 else {
            throw SystemError(call: call.map { String(cString: $0) } ?? "setns", subject: path, errno: number)
        }
    }
}
