package import PCI

/// Who holds a hardware function; there is at most one.
package struct Owner: Hashable, Sendable, CustomStringConvertible {
    package var function: PCIAddress
    package var containerID: String
    package var interfaceName: String
    package var namespace: NamespaceIdentity
    package var bootID: String
    /// Empty if the runtime did not say; then it equals nobody's.
    package var podUID: String
    /// "default/samplepod", for a sentence only.
    package var podLabel: String?

    package init(
        function: PCIAddress,
        containerID: String,
        interfaceName: String,
        namespace: NamespaceIdentity,
        bootID: String,
        podUID: String = "",
        podLabel: String? = nil
    ) {
        self.function = function
        self.containerID = containerID
        self.interfaceName = interfaceName
        self.namespace = namespace
        self.bootID = bootID
        self.podUID = podUID
        self.podLabel = podLabel
    }

    /// The owner that `attachment` of `journal` makes; `nil` if it moves no hardware function.
    package init?(of attachment: AttachmentRecord, in journal: Journal) {
        guard let function = attachment.function else { return nil }
        self.init(
            function: function.address,
            containerID: journal.containerID,
            interfaceName: attachment.interfaceName,
            namespace: journal.sandbox.identity,
            bootID: journal.bootID,
            podUID: journal.pod.uid,
            podLabel: journal.pod.label
        )
    }

    package var description: String {
        let pod = podLabel.map { "pod \($0), " } ?? ""
        return "\(pod)container \(containerID), interface \(interfaceName)"
    }

    /// Whether both are the same attachment: everything but the pod, which follows from the container.
    package func isSameAttachment(as other: Owner) -> Bool {
        function == other.function && containerID == other.containerID && interfaceName == other.interfaceName
            && namespace == other.namespace && bootID == other.bootID
    }
}

/// An owner found in a journal, with what the kernel says of its namespace.
package struct Holder: Equatable, Sendable {
    package var owner: Owner
    /// Whether the owner's namespace still is where the journal says, device and inode compared.
    package var namespaceExists: Bool

    package init(owner: Owner, namespaceExists: Bool) {
        self.owner = owner
        self.namespaceExists = namespaceExists
    }
}

/// What an operation may do with a function, given who holds it.
package struct OwnerVerdict: Equatable, Sendable {
    /// The answer itself.
    package enum Answer: Equatable, Sendable {
        /// Nobody holds it, or nobody will once the evictions are done.
        case take
        /// The claimant holds it already: finish or confirm.
        case confirm
        /// Somebody else lives with it; CNI error 11.
        case refuse(Owner)
    }

    /// A former owner whose attachment is to be undone first.
    package struct Eviction: Equatable, Sendable {
        /// Why, which decides how much of the record still means something.
        package enum Cause: Equatable, Sendable {
            /// The record is another boot's: only the function's baseline counts.
            case otherBoot
            case namespaceGone
            /// The runtime retried the pod's sandbox and did not delete the first.
            case sandboxRetried
        }

        package var owner: Owner
        package var cause: Cause

        package init(owner: Owner, cause: Cause) {
            self.owner = owner
            self.cause = cause
        }
    }

    package var answer: Answer
    /// In the order of the holders; empty if the answer is to refuse, because then nothing is touched.
    package var evictions: [Eviction]

    /// Judges the claim `claim` makes at ADD.
    ///
    /// - Parameters:
    ///   - claim: Who wants the function.
    ///   - holders: Every owner of that function in any journal; those of other functions are ignored.
    package init(claim: Owner, holders: [Holder]) {
        var evictions: [Eviction] = []
        var holdsItself = false
        for holder in holders where holder.owner.function == claim.function {
            switch Self.standing(of: holder, against: claim) {
            case .itself: holdsItself = true
            case .former(let cause): evictions.append(Eviction(owner: holder.owner, cause: cause))
            case .living:
                self.answer = .refuse(holder.owner)
                self.evictions = []
                return
            }
        }
        self.answer = holdsItself ? .confirm : .take
        self.evictions = evictions
    }

    /// Whether a DEL for `record` may touch the function.
    ///
    /// Two records of one function exist only if one of them is stale. A late DEL is in that place when another
    /// attachment has been given the function since; it then drops its record and leaves the function alone.
    ///
    /// - Parameters:
    ///   - record: The owner the DEL acts for.
    ///   - holders: Every owner of that function in any journal, `record` itself included or not.
    ///   - bootID: This boot's.
    /// - Returns: Whether nobody who lives holds the function beside `record`.
    package static func mayUndo(_ record: Holder, holders: [Holder], bootID: String) -> Bool {
        let isRival: (Holder) -> Bool = { other in
            other.owner.function == record.owner.function && !other.owner.isSameAttachment(as: record.owner)
                && other.owner.bootID == bootID && other.namespaceExists
        }
        return (record.owner.bootID == bootID && record.namespaceExists) || !holders.contains(where: isRival)
    }

    private enum Standing {
        case itself
        case former(Eviction.Cause)
        case living
    }

    private static func standing(of holder: Holder, against claim: Owner) -> Standing {
        let owner = holder.owner
        if owner.bootID != claim.bootID { return .former(.otherBoot) }
        if owner.isSameAttachment(as: claim) { return .itself }
        if !holder.namespaceExists { return .former(.namespaceGone) }
        let isSamePod = !claim.podUID.isEmpty && owner.podUID == claim.podUID
        return isSamePod && owner.containerID != claim.containerID ? .former(.sandboxRetried) : .living
    }
}
