import CShims
import Glibc

/// An exclusive lock on a file, held until every process that has its descriptor closed it.
///
/// The descriptor is the only one in the house that survives exec: a delegate started under the lock keeps it, so the
/// lock lives as long as any process of the operation, also when the one that took it is killed. Nothing unlocks it
/// by hand, which would take it from the others as well; letting the value go closes this process's descriptor.
///
/// A long-lived program with other children must name what each inherits (``ChildProcess/Inheritance/only(_:)``).
package struct FileLock: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// The file locked on.
    package let path: String

    /// The number for ``ChildProcess/Inheritance/only(_:)``.
    package var rawValue: CInt { descriptor.rawValue }

    /// Takes the lock, making the file if it is not there.
    ///
    /// - Parameters:
    ///   - path: The file to lock on; it is never removed by who locks.
    ///   - deadline: How long to try; ``Deadline/now`` tries once.
    ///   - mode: The permissions of a file that is made, before the umask.
    /// - Throws: ``SystemError`` of `open` or `flock`; ETIMEDOUT if another still holds it at the deadline.
    package init(_ path: String, until deadline: Deadline, mode: UInt32 = 0o600) throws(SystemError) {
        var wait: UInt64 = 1
        while true {
            let candidate = try Descriptor(opening: path, flags: O_RDWR | O_CREAT, mode: mode_t(mode))
            if try Self.lock(candidate, path), try Self.isStill(path, candidate) {
                try candidate.call("fcntl", path) { patchbay_set_close_on_exec($0, 0) }
                self.descriptor = candidate
                self.path = path
                return
            }
            guard !deadline.isPast else { throw SystemError(call: "flock", subject: path, errno: ETIMEDOUT) }
            // flock has no timeout of its own, and an alarm would be the whole process's.
            pause(milliseconds: wait, until: deadline)
            wait = min(wait * 2, 50)
        }
    }

    private static func lock(_ candidate: borrowing Descriptor, _ path: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try candidate.call("flock", path) { flock($0, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            guard error.errno == EWOULDBLOCK else { throw error }
            return false
        }
    }

    /// Whether the path still leads to the file that was locked: an uninstaller may have removed it in between.
    private static func isStill(_ path: String, _ candidate: borrowing Descriptor) throws(SystemError) -> Bool {
        try File.identity(path) == FileIdentity(of: candidate, subject: path)
    }
}
