package import AttachmentStore
package import Attachments
package import LinuxSystem
package import PCI

/// Which hardware functions the journals on this node claim, and whether the claimants are still there.
package struct FunctionClaims: Sendable, Equatable {
    /// One function that a journal says is attached.
    package struct Claim: Sendable, Equatable {
        package var owner: Owner
        /// The function as it was before.
        package var record: FunctionRecord
        /// Whether the owner's namespace is the one that is at its path now, in this boot.
        package var isLive: Bool

        /// For a sentence: `pod default/samplepod`, or the container where the runtime named no pod.
        package var holder: String {
            owner.podLabel.map { "pod \($0)" } ?? "container \(owner.containerID.prefix(13))"
        }
    }

    /// By address; of several the one that is live.
    package private(set) var claims: [PCIAddress: Claim]
    /// Containers whose namespace is gone, whatever they hold.
    package private(set) var abandoned: Set<String>
    /// Containers whose journal cannot be understood: nobody knows what they hold.
    package private(set) var damaged: [String]

    package init(claims: [Claim] = [], abandoned: Set<String> = [], damaged: [String] = []) {
        self.abandoned = abandoned
        self.claims = Dictionary(
            claims.map { ($0.owner.function, $0) },
            uniquingKeysWith: { $1.isLive ? $1 : $0 }
        )
        self.damaged = damaged
    }

    /// What journals claim, each looked at for whether its namespace is still there.
    ///
    /// - Throws: ``SystemError`` of `stat` on a namespace's path.
    package init(_ entries: [StateDirectory.Entry], bootID: String) throws(SystemError) {
        var claims: [Claim] = []
        var abandoned: Set<String> = []
        var damaged: [String] = []
        for entry in entries {
            switch entry {
            case .damaged(let containerID, _): damaged.append(containerID)
            case .journal(let journal):
                let isLive = try Self.isLive(journal, bootID: bootID)
                for attachment in journal.attachments {
                    guard let record = attachment.function, let owner = Owner(of: attachment, in: journal) else {
                        continue
                    }
                    claims.append(Claim(owner: owner, record: record, isLive: isLive))
                }
                if !isLive { abandoned.insert(journal.containerID) }
            }
        }
        self.init(claims: claims, abandoned: abandoned, damaged: damaged)
    }

    /// Whether something waits to be undone; a damaged journal is for a person to look at.
    package var needsRepair: Bool { !abandoned.isEmpty }

    /// The UID of the pod that owns each device now, by kubelet's id.
    package var ownerUIDs: [String: String] {
        var uids: [String: String] = [:]
        for (address, claim) in claims where claim.isLive && !claim.owner.podUID.isEmpty {
            uids[address.description] = claim.owner.podUID
        }
        return uids
    }

    /// Whether a journal's namespace is the one that is at its path now, in this boot.
    ///
    /// - Throws: ``SystemError`` of `stat`.
    package static func isLive(_ journal: Journal, bootID: String) throws(SystemError) -> Bool {
        guard journal.bootID == bootID, let now = try File.identity(journal.sandbox.path) else { return false }
        return now.device == journal.sandbox.identity.device && now.inode == journal.sandbox.identity.inode
    }
}
