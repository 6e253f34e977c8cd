import AttachmentStore
import Attachments
import CNI
import LinuxSystem

extension MetaRole {
    /// Takes the lock on the container, which every process of the operation then holds.
    ///
    /// A DEL that finds it held waits a while, then ends the process group the journal names: the runtime sends DEL when
    /// it has given up on what runs.
    ///
    /// - Throws: ``CNIError`` code 11 if another operation still holds it at the deadline.
    func lockContainer(until deadline: Deadline) throws(CNIError) -> FileLock {
        try system("state directory") { () throws(SystemError) in try state.create() }
        do throws(SystemError) {
            if invocation.command == .del {
                let patience = min(deadline, .after(seconds: Self.patienceSeconds))
                if let lock = try heldLock(until: patience) { return lock }
                try endFormerOperation(until: deadline)
            }
            if let lock = try heldLock(until: deadline) { return lock }
        } catch {
            throw CNIError(error, "lock of the container")
        }
        throw CNIError(.tryAgainLater, "another operation on container \(invocation.containerID) is under way")
    }

    /// The lock, or `nil` if somebody else has it at the deadline.
    private func heldLock(until deadline: Deadline) throws(SystemError) -> FileLock? {
        do throws(SystemError) {
            return try state.lock(containerID: invocation.containerID, until: deadline)
        } catch {
            guard error.errno == Self.timedOut else { throw error }
            return nil
        }
    }

    private func endFormerOperation(until deadline: Deadline) throws(SystemError) {
        // Without a journal that can be read nothing was changed yet, or nothing tells whom to end: waiting is left.
        guard let journal = try? state.journal(containerID: invocation.containerID),
            let former = journal.operation, journal.bootID == (try Boot.id()),
            let leader = Int32(exactly: former.processGroup)
        else { return }
        let group = ProcessGroup(leader: ProcessIdentity(process: leader, startTicks: former.startTime))
        guard try group.isRunning() else { return }
        note("ending process group \(leader) of the \(former.command) that still runs")
        try group.end(until: deadline)
    }

    /// How long a DEL lets the operation before it go on.
    private static let patienceSeconds: UInt64 = 10
    /// ETIMEDOUT.
    private static let timedOut: CInt = 110
}
