import AttachmentStore
import CNI
import LinuxSystem
import Netlink

extension CNIError {
    /// A file, a lock or a process of ours.
    init(_ error: SystemError, _ what: String) {
        self.init(.ioFailure, "\(what): \(error)")
    }

    /// A record of ours.
    init(_ error: StoreError) {
        self.init(.ioFailure, "state directory: \(error)")
    }

    /// Several failures as one: the code of the first, what all of them say.
    init?(joining errors: [CNIError]) {
        guard let first = errors.first else { return nil }
        self.init(
            first.code,
            errors.map(\.message).joined(separator: "; "),
            details: errors.map(\.details).filter { !$0.isEmpty }.joined(separator: "; ")
        )
    }
}

extension CNIError {
    /// What the kernel refused.
    init(_ error: NetlinkError) {
        self.init(.ioFailure, "\(error)")
    }
}

/// Does something with the state directory; what fails there is an I/O failure to the runtime.
func stored<Value: ~Copyable>(_ body: () throws(StoreError) -> Value) throws(CNIError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        throw CNIError(error)
    }
}

/// Does something with the system; what fails is an I/O failure to the runtime, with `what` it was for.
func system<Value: ~Copyable>(
    _ what: String,
    _ body: () throws(SystemError) -> Value
) throws(CNIError) -> Value {
    do throws(SystemError) {
        return try body()
    } catch {
        throw CNIError(error, what)
    }
}
