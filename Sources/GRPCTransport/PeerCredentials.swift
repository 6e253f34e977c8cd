import Glibc
package import NIOCore

/// Who is at the other end of a Unix socket, as the kernel saw it when it connected (`SO_PEERCRED`).
package struct PeerCredentials: Hashable, Sendable {
    package let processID: Int32
    package let userID: UInt32
    package let groupID: UInt32
}

extension PeerCredentials {
    /// Asks the kernel about an accepted connection.
    package static func of(_ channel: any Channel) -> EventLoopFuture<PeerCredentials> {
        guard let options = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        // The struct has the layout of the kernel's `ucred`: three 32-bit numbers.
        return options.unsafeGetSocketOption(level: .socket, name: .init(rawValue: SO_PEERCRED))
    }
}
