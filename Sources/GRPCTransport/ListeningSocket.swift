import Glibc

/// A bound Unix socket and the file it made, so that only this very file is ever unlinked.
package struct ListeningSocket: Sendable {
    /// What tells one file from another that has taken its name.
    package struct FileIdentity: Equatable, Sendable {
        let device: UInt64
        let inode: UInt64
        /// A freed inode number is given out again at once on tmpfs and ext4; the time of change is not.
        let changed: Int64
    }

    /// Owned by whoever takes it.
    package let descriptor: CInt
    /// Where it is bound now.
    private let boundPath: String
    /// Where it is to be found.
    let path: String

    /// Octets a path may have: `sun_path` less its final zero.
    static let pathLimit = 107

    /// Binds a socket whose file only its owner can use: mode 0600, from the moment it exists.
    ///
    /// - Parameters:
    ///   - path: where it is to be found.
    ///   - underDotName: binds as `.name` in the same directory; ``moveIntoPlace()`` then renames it. A watcher that ignores
    ///     dot-names sees the socket only once it listens.
    /// - Throws: ``TransportError`` naming the call that failed.
    package init(path: String, underDotName: Bool) throws(TransportError) {
        self.path = path
        self.boundPath = underDotName ? ListeningSocket.dotName(of: path) : path
        guard boundPath.utf8.count <= ListeningSocket.pathLimit else {
            let reason = TransportError.Reason.pathTooLong(
                octets: boundPath.utf8.count,
                limit: ListeningSocket.pathLimit
            )
            throw TransportError(call: "bind", path: boundPath, reason: reason)
        }
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw TransportError(call: "socket", path: path) }
        // Left behind by a process that ended between bind and rename; the dot-name is nobody else's.
        if underDotName { unlink(boundPath) }
        // Linux gives the file of a Unix socket the mode its descriptor has, so there is no moment with another mode.
        guard fchmod(descriptor, 0o600) == 0 else { throw closing("fchmod") }
        guard withAddress({ bind(descriptor, $0, $1) }) == 0 else { throw closing("bind") }
    }

    /// Renames the socket to its path, replacing what is there.
    package func moveIntoPlace() throws(TransportError) {
        guard boundPath != path, rename(boundPath, path) != 0 else { return }
        throw TransportError(call: "rename", path: boundPath)
    }

    /// What is at the path now.
    package static func identity(of path: String) -> FileIdentity? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        let changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino), changed: changed)
    }

    /// Unlinks the file at the path.
    package static func remove(_ path: String) {
        unlink(path)  // a file that is gone already is as good
    }

    private func closing(_ call: String) -> TransportError {
        let error = TransportError(call: call, path: boundPath)
        close(descriptor)
        return error
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: boundPath.utf8) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
    }

    private static func dotName(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return ".\(path)" }
        return "\(path[...slash]).\(path[path.index(after: slash)...])"
    }
}

extension TransportError {
    /// The call on `path` just failed and left its errno.
    init(call: String, path: String) {
        let number = errno
        self.init(call: call, path: path, reason: .system(errno: number, text: String(cString: strerror(number))))
    }
}
