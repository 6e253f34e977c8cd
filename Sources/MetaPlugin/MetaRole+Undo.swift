import AttachmentStore
package import Attachments
import CNI
import Delegates
import JSON
package import LinuxSystem

extension MetaRole {
    /// Undoes attachments of the container, from the last to the first.
    ///
    /// - Parameters:
    ///   - records: In the order they were made.
    ///   - journal: The one they stand in.
    ///   - held: The functions among them; `nil` if there are none.
    ///   - isUnrecorded: Whether the journal is pieced together, because there is none that can be read.
    ///   - deadline: When delegates that still run are ended.
    /// - Returns: What failed.
    func undo(
        _ records: [AttachmentRecord],
        _ journal: Journal,
        _ held: HeldFunctions?,
        isUnrecorded: Bool = false,
        until deadline: Deadline
    ) -> UndoOutcome {
        do throws(CNIError) {
            let undoing = Undoing(
                journal: journal,
                namespacePath: try journal.namespacePath(alsoAt: invocation.networkNamespace),
                held: held,
                pluginPath: configuration.searchPath(invocation),
                results: results,
                runner: DelegateRunner(environment: environment, deadline: deadline),
                isUnrecorded: isUnrecorded
            )
            let outcome = undoing.undo(records)
            for failure in outcome.moot { note("nothing to undo: \(failure)") }
            return outcome
        } catch {
            return UndoOutcome(passing: records.map { UndoFailure(record: $0, error: error) })
        }
    }

    /// Undoes one attachment of a container that is no more, for who holds the locks and reconciles.
    ///
    /// - Parameters:
    ///   - record: The attachment.
    ///   - journal: The one it stands in.
    ///   - pluginPath: Where delegates are found.
    ///   - environment: This process's.
    ///   - deadline: When delegates that still run are ended.
    /// - Returns: What failed, a sentence each.
    package static func undo(
        _ record: AttachmentRecord,
        of journal: Journal,
        pluginPath: [String],
        environment: [String: String],
        until deadline: Deadline
    ) -> [String] {
        do throws(CNIError) {
            let undoing = Undoing(
                journal: journal,
                namespacePath: try journal.namespacePath(alsoAt: nil),
                held: try HeldFunctions(recordedBy: [record], environment, until: deadline),
                pluginPath: pluginPath,
                results: StateDirectory(environment: environment).results,
                runner: DelegateRunner(environment: environment, deadline: deadline)
            )
            let outcome = undoing.undo([record])
            return (outcome.passing + outcome.lasting).map(\.description)
        } catch {
            return [error.message]
        }
    }

    /// Takes what is undone out of the journal, and the journal away with the last.
    ///
    /// What could not be undone stays in it with the reason, for the daemon and for the next DEL.
    func drop(_ records: [AttachmentRecord], _ lasting: [UndoFailure], from journal: Journal) throws(CNIError) {
        for failure in lasting { note("left for later: \(failure)") }
        var rest = journal
        rest.operation = nil
        rest.attachments = journal.attachments.compactMap { record in
            guard records.contains(record) else { return record }
            guard let failure = lasting.first(where: { $0.record == record }) else { return nil }
            var left = record
            left.remains = failure.error.message
            return left
        }
        do throws(StoreError) {
            if !rest.attachments.isEmpty { return try state.write(rest) }
            try state.removeJournal(containerID: journal.containerID)
        } catch {
            throw CNIError(error)
        }
        forgetContainer()
    }

    /// Takes away what is kept for convenience of a container that has nothing any more; for who holds its lock.
    func forgetContainer() {
        // Results of attachments that another container's ADD took over, in whose place they were.
        results.forget(containerID: invocation.containerID)
        // A lock's file that stays is an empty file.
        try? state.removeLock(containerID: invocation.containerID)
    }
}
