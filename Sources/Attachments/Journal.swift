package import JSON

/// What was set out to be done for one container, written before the first change and kept until all of it is undone.
///
/// There is one file a container, `<state directory>/journal/<container ID>.json`. It holds the plan and what the kernel
/// showed before, not what was done: undo is derived from it and from what the kernel shows then, so that one synced
/// write suffices and there is no moment at which the file is wrong.
///
///     {"schema":1,"release":"0.1.0","containerID":"4f…","bootID":"7b…",
///      "sandbox":{"path":"/var/run/netns/cni-1","device":4,"inode":4026532201},
///      "pod":{"namespace":"default","name":"samplepod","uid":"2c…"},
///      "operation":{"command":"ADD","processGroup":812,"startTime":4711},
///      "attachments":[…]}
package struct Journal: Equatable, Sendable {
    /// The version of the layout; a file with another is not guessed at.
    package static let schema = 1

    /// The runtime's `CNI_CONTAINERID`.
    package var containerID: String
    /// The network namespace the attachments are in.
    package var sandbox: Sandbox
    /// `/proc/sys/kernel/random/boot_id`: namespace inodes mean nothing in another boot.
    package var bootID: String
    /// Whose sandbox it is.
    package var pod: PodIdentity
    /// The last operation that started on this container; `nil` if it was not recorded.
    package var operation: Operation?
    /// The release that wrote it.
    package var release: String
    /// In the order in which they are made; they are undone from the last to the first.
    package var attachments: [AttachmentRecord]
    /// Members this release does not know, handed on when it is written again.
    package var others: JSONObject

    package init(
        containerID: String,
        sandbox: Sandbox,
        bootID: String,
        pod: PodIdentity = PodIdentity(),
        operation: Operation? = nil,
        release: String,
        attachments: [AttachmentRecord] = [],
        others: JSONObject = JSONObject()
    ) {
        self.containerID = containerID
        self.sandbox = sandbox
        self.bootID = bootID
        self.pod = pod
        self.operation = operation
        self.release = release
        self.attachments = attachments
        self.others = others
    }

    /// The name of the journal's file; `nil` for an ID that CNI does not allow, which could lead out of the directory.
    ///
    /// - SeeAlso: CNI 1.1.0 §2, `CNI_CONTAINERID`
    package static func fileName(containerID: String) -> String? {
        let bytes = Array(containerID.utf8)
        guard let first = bytes.first, bytes.count <= longestID, isAlphanumeric(first) else { return nil }
        let isAllowed = bytes.allSatisfy { isAlphanumeric($0) || punctuation.contains($0) }
        return isAllowed ? containerID + suffix : nil
    }

    /// The container a file of that name belongs to; `nil` for a file that is no journal.
    package static func containerID(fileName: String) -> String? {
        guard fileName.hasSuffix(suffix) else { return nil }
        let containerID = String(fileName.dropLast(suffix.utf8.count))
        return Self.fileName(containerID: containerID) == nil ? nil : containerID
    }

    /// The attachment that makes `interfaceName`.
    package func attachment(interfaceName: String) -> AttachmentRecord? {
        attachments.first { $0.interfaceName == interfaceName }
    }

    /// An id no attachment of this journal has.
    package var nextID: Int { (attachments.map(\.id).max() ?? -1) + 1 }

    /// The owners this journal makes: one for each hardware function it moves.
    package var owners: [Owner] { attachments.compactMap { Owner(of: $0, in: self) } }

    private static let suffix = ".json"
    /// `_`, `.` and `-`.
    private static let punctuation = Array("_.-".utf8)
    /// Keeps the file's name, and a temporary one beside it, below the kernel's 255 bytes.
    private static let longestID = 200
}

/// Which network namespace, by path and by what the path led to.
package struct Sandbox: Equatable, Sendable {
    /// As the runtime gave it in `CNI_NETNS`.
    package var path: String
    /// What was there.
    package var identity: NamespaceIdentity

    package init(path: String, identity: NamespaceIdentity) {
        self.path = path
        self.identity = identity
    }
}

/// A namespace within one boot: device and inode number of its file in nsfs.
package struct NamespaceIdentity: Hashable, Sendable, CustomStringConvertible {
    package var device: UInt64
    package var inode: UInt64

    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    package var description: String { "\(device):\(inode)" }
}

/// The pod as the runtime names it in `CNI_ARGS`; each part is empty if it did not say.
package struct PodIdentity: Equatable, Sendable {
    package var namespace: String
    package var name: String
    package var uid: String

    package init(namespace: String = "", name: String = "", uid: String = "") {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }

    /// "default/samplepod"; `nil` if the runtime did not say.
    package var label: String? { name.isEmpty ? nil : "\(namespace)/\(name)" }
}

/// The processes of an operation, so that one that hangs can be ended by who comes after it.
package struct Operation: Equatable, Sendable {
    /// The CNI verb.
    package var command: String
    /// Also the number of the process that leads it.
    package var processGroup: Int
    /// Field 22 of the leader's `/proc/<process>/stat`, in clock ticks since boot: tells it from a later process of its number.
    package var startTime: UInt64

    package init(command: String, processGroup: Int, startTime: UInt64) {
        self.command = command
        self.processGroup = processGroup
        self.startTime = startTime
    }
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        true
    default: false
    }
}
