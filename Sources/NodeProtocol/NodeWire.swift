package import JSON

/// The numbers and paths that both ends of the node's socket agree on.
package enum NodeWire {
    /// The version of the messages.
    ///
    /// It is raised only when an older reader would misunderstand; members may be added without, because unknown members
    /// are ignored on both sides.
    package static let version = 1

    /// The release that wrote a message, for the log of the other side; nothing is decided by it.
    package static let release = "0.1.0"

    /// Where `patchbayd` listens unless told otherwise.
    package static let socketPath = "/run/patchbay/patchbayd.sock"

    /// The longest message in bytes; guards either side's memory against a length prefix that lies.
    package static let messageLimit = 1 << 20

    /// The most attachments one pod may have in a plan or a report; guards the daemon against a hostile annotation.
    package static let attachmentLimit = 256

    /// How many bytes of length stand before a message, highest first.
    package static let prefixLength = 4
}

/// A message cannot be read or written.
package enum MessageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Longer than ``NodeWire/messageLimit``; `length` counts bytes.
    case tooLong(length: Int, limit: Int)
    /// The peer closed the connection with `missing` bytes still to come.
    case cutOff(missing: Int)
    /// More than one message on a connection.
    case bytesAfterMessage(Int)
    case notJSON(JSONError)
    /// A member is missing or of the wrong kind; each problem names it.
    case malformed([DocumentProblem])
    /// The peer speaks a newer version of the messages than this release.
    case newerVersion(Int, release: String)

    package var description: String {
        switch self {
        case .tooLong(let length, let limit): "a message of \(length) bytes is longer than the limit of \(limit)"
        case .cutOff(let missing): "the connection was closed \(missing) bytes before the end of the message"
        case .bytesAfterMessage(let count): "\(count) bytes after the end of the message"
        case .notJSON(let error): "a message is not JSON: \(error)"
        case .malformed(let problems): "malformed message: " + problems.map(\.description).joined(separator: "; ")
        case .newerVersion(let version, let release):
            "the peer (release \(release)) speaks version \(version), this release (\(NodeWire.release)) up to \(NodeWire.version)"
        }
    }
}
