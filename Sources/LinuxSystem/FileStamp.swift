import Glibc

/// Which file is at a path, in a way that a file made later in its place never has.
///
/// Inode numbers alone do not do: tmpfs and ext4 give a freed one out again at once. The time of the last change of content
/// comes with it; of a socket that is when it was made, and neither a new link nor other permissions touch it.
package struct FileStamp: Hashable, Sendable {
    package let identity: FileIdentity
    /// `st_mtim`, since 1970.
    package let modifiedNanoseconds: Int64

    /// Looks at `path`, through symbolic links; `nil` if there is nothing.
    ///
    /// - Throws: ``SystemError`` of `stat`, except for ENOENT and ENOTDIR.
    package init?(of path: String) throws(SystemError) {
        try requireNoZeroByte(path, call: "stat")
        var status = stat()
        do throws(SystemError) {
            _ = try systemCall("stat", path) { stat(path, &status) }
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return nil
        }
        self.identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        self.modifiedNanoseconds = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }
}
