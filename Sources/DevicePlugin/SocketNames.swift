import Synchronization

/// Names for sockets in the kubelet's directory, each used once in the life of the machine for all practical purposes.
///
/// A name that comes back is a race: an old kubelet connection, or another instance of ours, may still go by it.
final class SocketNames: Sendable {
    private let token: String
    private let made = Mutex(0)

    init() {
        let random = UInt32.random(in: .min ... .max)
        let digits = String(random, radix: 16)
        self.token = String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// A name that tells a person whose it is, `patchbay-sriov_net-3fa9c1e2-1.sock`, cut to what a socket address holds.
    func next(for pool: String, in directory: String) -> String {
        let number = made.withLock { made in
            made += 1
            return made
        }
        let tail = "-\(token)-\(number).sock"
        let room = Self.addressLimit - directory.utf8.count - 1 - tail.utf8.count
        return String("\(Self.prefix)\(pool)".prefix(max(0, min(room, Self.nameLimit - tail.utf8.count)))) + tail
    }

    /// Whether an instance of ours made the name.
    static func isOurs(_ name: String) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(".sock") }

    private static let prefix = "patchbay-"
    /// `sun_path` has 108 bytes, one of which stays zero.
    private static let addressLimit = 107
    /// What is left for a name in the kubelet's own directory, whose path is not ours to choose.
    private static let nameLimit = 75
}
