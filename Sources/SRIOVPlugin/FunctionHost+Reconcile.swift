import AttachmentStore
package import Attachments
import CNI
import JSON
import LinuxSystem
package import PCI

extension FunctionHost {
    /// What became of one container's journal.
    package struct Reconciled: Equatable, Sendable, CustomStringConvertible {
        package var containerID: String
        /// Of the attachments that are undone.
        package var undone: [String]
        /// What stands in the way of the others.
        package var failures: [String]

        package var description: String {
            let done = undone.isEmpty ? [] : ["undone: \(undone.joined(separator: ", "))"]
            return "container \(containerID): " + (done + failures).joined(separator: "; ")
        }
    }

    /// Undoes every attachment whose owner is no more: its namespace is gone, or it is of another boot.
    ///
    /// A container that an operation is under way on is left to that.
    ///
    /// - Parameters:
    ///   - pluginPath: Where delegates are found.
    ///   - delegate: Deletes what delegates made of an attachment, the function of which, if any, is returned already;
    ///     returns what failed.
    /// - Returns: One entry a journal that was worked on.
    /// - Throws: ``SRIOVError`` if the journals cannot be listed.
    package func reconcile(
        pluginPath: [String],
        delegate: (AttachmentRecord, Journal) -> [String]
    ) throws(SRIOVError) -> [Reconciled] {
        var reconciled: [Reconciled] = []
        for entry in try system(state.entries()) {
            switch entry {
            case .damaged(let containerID, let error):
                reconciled.append(
                    Reconciled(containerID: containerID, undone: [], failures: ["its journal \(error)"])
                )
            case .journal(let journal):
                guard try !exists(journal.sandbox, ofBoot: journal.bootID) else { continue }
                reconciled.append(clear(journal, pluginPath: pluginPath, delegate: delegate))
            }
        }
        return reconciled
    }

    /// Undoes the attachments of a network that its runtime does not count as living.
    ///
    /// Only what the `sriov` role made by itself: what the meta-plugin made is counted by its own runtime, under its own
    /// network's name.
    ///
    /// - Parameters:
    ///   - network: The CNI network's name.
    ///   - valid: The attachments that stay.
    ///   - pluginPath: Where address plugins are found.
    /// - Returns: One entry a journal that was worked on.
    /// - Throws: ``SRIOVError`` if the journals cannot be listed.
    package func reconcile(
        network: String,
        keeping valid: ValidAttachments,
        pluginPath: [String]
    ) throws(SRIOVError) -> [Reconciled] {
        var reconciled: [Reconciled] = []
        for case .journal(let journal) in try system(state.entries()) {
            let isGarbage = { (attachment: AttachmentRecord) in
                attachment.networkName == network && attachment.network == network && attachment.call == nil
                    && attachment.function != nil
                    && !valid.keys.contains(
                        ValidAttachments.Key(
                            containerID: journal.containerID,
                            interfaceName: attachment.interfaceName
                        )
                    )
            }
            guard journal.attachments.contains(where: isGarbage) else { continue }
            reconciled.append(clear(journal, pluginPath: pluginPath, where: isGarbage) { _, _ in [] })
        }
        return reconciled
    }

    private func clear(
        _ journal: Journal,
        pluginPath: [String],
        where isWanted: (AttachmentRecord) -> Bool = { _ in true },
        delegate: (AttachmentRecord, Journal) -> [String]
    ) -> Reconciled {
        var outcome = Reconciled(containerID: journal.containerID, undone: [], failures: [])
        do throws(SRIOVError) {
            let lock = try lock(containerID: journal.containerID, until: .after(milliseconds: 100))
            guard let now = try records(state.journal(containerID: journal.containerID)) else { return outcome }
            try clear(now, into: &outcome, pluginPath: pluginPath, where: isWanted, delegate: delegate)
            if try records(state.journal(containerID: journal.containerID)) == nil {
                try system(state.removeLock(containerID: journal.containerID))
            }
            _ = consume lock
        } catch {
            outcome.failures.append(error.cniError.message)
        }
        return outcome
    }

    /// Undoes everything of a journal whose namespace is not the container's any more; for who holds its lock.
    ///
    /// - Parameters:
    ///   - journal: What to undo.
    ///   - pluginPath: Where address plugins are found.
    ///   - held: The functions whose locks the caller has already.
    /// - Returns: Whether nothing is left of it.
    /// - Throws: ``SRIOVError`` if a lock is held or the journal cannot be written.
    package func clear(
        _ journal: Journal,
        pluginPath: [String],
        holding held: [PCIAddress] = []
    ) throws(SRIOVError) -> Bool {
        var outcome = Reconciled(containerID: journal.containerID, undone: [], failures: [])
        try clear(journal, into: &outcome, pluginPath: pluginPath, holding: held) { _, _ in
            ["was made by another plugin"]
        }
        return outcome.failures.isEmpty
    }

    private func clear(
        _ kept: Journal,
        into outcome: inout Reconciled,
        pluginPath: [String],
        holding held: [PCIAddress] = [],
        where isWanted: (AttachmentRecord) -> Bool = { _ in true },
        delegate: (AttachmentRecord, Journal) -> [String]
    ) throws(SRIOVError) {
        var journal = kept
        for attachment in kept.attachments.reversed() where isWanted(attachment) {
            var rest = attachment
            var failures: [String] = []
            if let function = attachment.function {
                let missing = held.contains(function.address) ? [] : [function.address]
                let locks = try lock(missing, until: .after(milliseconds: 100))
                let failed = delete(attachment, of: journal, pluginPath: pluginPath)
                withExtendedLifetime(locks) {}
                failures = failed.map(\.reason.cniError.message)
                if attachment.call != nil, !failed.contains(where: \.isOfFunction) {
                    // A plugin behind ours in the list that fails does not keep the function from its next owner.
                    rest = try disown(attachment, in: &journal)
                }
            }
            if rest.function == nil { failures += delegate(rest, journal) }
            if failures.isEmpty {
                try remove(attachment, from: &journal)
                outcome.undone.append(attachment.interfaceName)
            } else {
                outcome.failures += failures.map { "\(attachment.interfaceName): \($0)" }
            }
        }
    }

    /// Keeps the state a free function is seen in, if none is known of this boot.
    package func learnBaseline(_ record: FunctionRecord) throws(SRIOVError) {
        let kept: Baseline?
        do throws(StoreError) {
            kept = try state.baseline(record.address)
        } catch {
            guard case .damaged = error else { throw .store(error) }
            // What was known cannot be read: what is seen now, with no owner, is the best there is.
            kept = nil
        }
        let learned = Baseline.learned(
            over: kept,
            address: record.address,
            state: record.originals,
            bootID: life(of: record.address)
        )
        if let learned { try records(state.write(learned)) }
    }
}
