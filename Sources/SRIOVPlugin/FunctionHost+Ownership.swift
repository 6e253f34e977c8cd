import AttachmentStore
package import Attachments
import LinuxSystem
package import PCI

extension FunctionHost {
    /// Sees to it that `claim` may take its function, undoing former owners as the owner table says.
    ///
    /// To be called under the locks of the claim's container and function.
    ///
    /// - Parameters:
    ///   - claim: Who wants the function.
    ///   - pluginPath: Where the address plugin of a former owner is found.
    /// - Returns: Whether the claimant takes it or holds it already.
    /// - Throws: ``SRIOVError/owned(_:by:)``, ``SRIOVError/marked(_:marker:namespace:)`` or
    ///   ``SRIOVError/unclear(_:containerID:_:)``, which all are "try again later"; or what an undo failed with.
    package func settle(_ claim: Owner, pluginPath: [String]) throws(SRIOVError) -> OwnerVerdict.Answer {
        let holders = try holders(of: claim.function)
        let verdict = OwnerVerdict(claim: claim, holders: holders)
        if case .refuse(let owner) = verdict.answer { throw .owned(claim.function, by: owner) }
        try requireUnmarked(claim)
        for eviction in verdict.evictions { try evict(eviction, for: claim, pluginPath: pluginPath) }
        return verdict.answer
    }

    /// Every owner of a function that a journal names.
    ///
    /// - Parameters:
    ///   - address: The function.
    ///   - containerID: A container whose journal is known to be damaged, and for which the caller acts.
    /// - Returns: The owners, in the order of the journals.
    /// - Throws: ``SRIOVError/unclear(_:containerID:_:)`` if a journal that names it cannot be read and the function is
    ///   not at home, where nobody uses it.
    package func holders(of address: PCIAddress, besides containerID: String? = nil) throws(SRIOVError) -> [Holder] {
        var holders: [Holder] = []
        for entry in try system(state.entries(naming: address)) {
            switch entry {
            case .journal(let journal):
                let exists = try exists(journal.sandbox, ofBoot: journal.bootID)
                for owner in journal.owners where owner.function == address {
                    holders.append(Holder(owner: owner, namespaceExists: exists))
                }
            case .damaged(containerID, _): continue
            case .damaged(let containerID, let error):
                guard try hostLink(of: device(address)) == nil else { continue }
                throw .unclear(address, containerID: containerID, error)
            }
        }
        return holders
    }

    /// The incumbent's marker, if it names another namespace that lives, is as good as a journal.
    private func requireUnmarked(_ claim: Owner) throws(SRIOVError) {
        guard let namespace = try system(incumbent.marker(claim.function)) else { return }
        let found = try system(File.identity(namespace)).map { NamespaceIdentity($0) }
        guard let found, found != claim.namespace, try system(NetworkNamespace.exists(namespace)) else { return }
        let entries = try system(state.entries(naming: claim.function))
        let isOurs = entries.contains {
            if case .journal(let journal) = $0 { journal.sandbox.path == namespace } else { false }
        }
        guard isOurs else {
            throw .marked(claim.function, marker: incumbent.markerPath(claim.function), namespace: namespace)
        }
    }

    private func evict(
        _ eviction: OwnerVerdict.Eviction,
        for claim: Owner,
        pluginPath: [String]
    ) throws(SRIOVError) {
        let containerID = eviction.owner.containerID
        // Our own container's lock is held already. Another's is only tried: its holder may be waiting for ours.
        let lock =
            containerID == claim.containerID
            ? nil
            : ContainerLock(
                try lock(containerID: containerID, until: .after(milliseconds: 100))
            )
        defer { withExtendedLifetime(lock) {} }
        guard var journal = try records(state.journal(containerID: containerID)),
            let attachment = journal.attachments.first(where: { Owner(of: $0, in: journal) == eviction.owner })
        else { return }
        let failures = delete(attachment, of: journal, pluginPath: pluginPath)
        // An address that could not be freed does not keep the function from its next owner; its record stays.
        if let failure = failures.first(where: { $0.isOfFunction }) { throw failure.reason }
        guard failures.isEmpty else {
            _ = try disown(attachment, in: &journal)
            return
        }
        try remove(attachment, from: &journal)
    }

    /// Takes an attachment out of its journal, and the journal away with the last one.
    func remove(_ attachment: AttachmentRecord, from journal: inout Journal) throws(SRIOVError) {
        journal.attachments.removeAll { $0.id == attachment.id }
        if journal.attachments.isEmpty {
            try records(state.removeJournal(containerID: journal.containerID))
        } else {
            try records(state.write(journal, isDurable: false))
        }
    }

    /// Keeps an attachment's record for what is left of it, no longer as the owner of a function.
    ///
    /// - Returns: The record as it is now.
    func disown(_ attachment: AttachmentRecord, in journal: inout Journal) throws(SRIOVError) -> AttachmentRecord {
        var left = attachment
        left.kind = .delegate
        for index in journal.attachments.indices where journal.attachments[index].id == attachment.id {
            journal.attachments[index] = left
        }
        try records(state.write(journal, isDurable: false))
        return left
    }
}

/// A lock that may be there, kept in a place that an optional can hold.
private final class ContainerLock {
    let lock: FileLock

    init(_ lock: consuming FileLock) { self.lock = lock }
}
