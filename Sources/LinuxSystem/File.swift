import CShims
import Glibc

/// Which file a path leads to, however it is spelled.
package struct FileIdentity: Hashable, Sendable {
    /// The number of the file system (`st_dev`).
    package let device: UInt64
    /// The number within it (`st_ino`).
    package let inode: UInt64

    /// Joins the two numbers.
    package init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Asks the kernel about an open descriptor.
    package init(of descriptor: borrowing Descriptor, subject: String) throws(SystemError) {
        var status = stat()
        try descriptor.call("fstat", subject) { fstat($0, &status) }
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}

/// Whole files: read with a limit, written so that a crash leaves the old one or the new one.
package enum File {
    /// The bytes of a small file.
    ///
    /// - Throws: ``SystemError`` of `open` or `read`; EFBIG if the file has more than `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        try Descriptor(opening: path, flags: O_RDONLY).readToEnd(limit: limit, of: path)
    }

    /// Writes a file as a whole: beside its place under a name with a leading dot, then renamed over it.
    ///
    /// A reader sees the old content or the new one, never a part. With `isDurable` that holds over a power cut too:
    /// file and directory are synced, and the call returns when the disk has both.
    ///
    /// - Parameters:
    ///   - bytes: The whole new content.
    ///   - path: The file to make or replace; its directory must be there.
    ///   - mode: The permissions exactly, whatever the umask is.
    ///   - isDurable: Without it a power cut may lose the new content, or on some file systems leave it empty.
    /// - Throws: ``SystemError`` of the call that failed; the old file is then untouched, unless it was the sync of
    ///   the directory that failed.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o600,
        isDurable: Bool = true
    ) throws(SystemError) {
        try requireNoZeroByte(path, call: "open")
        let (directory, name) = split(path)
        let beside = "\(directory)/.\(name).\(patchbay_thread_id())"
        do throws(SystemError) {
            try fill(beside, with: bytes, mode: mode, isDurable: isDurable)
            _ = try systemCall("rename", path) { rename(beside, path) }
        } catch {
            // What failed is the news; that the remnant could not be removed either is not.
            unlink(beside)
            throw error
        }
        if isDurable { try Directory.sync(directory) }
    }

    /// Removes what writers of this file left beside it when they were killed.
    ///
    /// For who knows that nobody is writing it now, by a lock.
    ///
    /// - Throws: ``SystemError`` of `opendir`, `readdir` or `unlink`; a directory that is not there has no remnants.
    package static func removeRemnants(of path: String) throws(SystemError) {
        let (directory, name) = split(path)
        for entry in try Directory.entriesIfPresent(directory) ?? [] where entry.hasPrefix(".\(name).") {
            guard entry.utf8.dropFirst(name.utf8.count + 2).allSatisfy({ (0x30...0x39).contains($0) }) else { continue }
            try remove("\(directory)/\(entry)")
        }
    }

    /// Removes a file; one that is not there is removed already.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: ``SystemError`` of `unlink`.
    @discardableResult
    package static func remove(_ path: String) throws(SystemError) -> Bool {
        try requireNoZeroByte(path, call: "unlink")
        do throws(SystemError) {
            _ = try systemCall("unlink", path) { unlink(path) }
            return true
        } catch {
            guard error.errno == ENOENT else { throw error }
            return false
        }
    }

    /// Which file a path leads to through symbolic links; `nil` if there is none.
    ///
    /// - Throws: ``SystemError`` of `stat`, except for ENOENT and ENOTDIR.
    package static func identity(_ path: String) throws(SystemError) -> FileIdentity? {
        try requireNoZeroByte(path, call: "stat")
        var status = stat()
        do throws(SystemError) {
            _ = try systemCall("stat", path) { stat(path, &status) }
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return nil
        }
        return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }

    /// Whether a path leads to something.
    ///
    /// - Throws: ``SystemError`` of `stat`, except for ENOENT and ENOTDIR.
    package static func exists(_ path: String) throws(SystemError) -> Bool {
        try identity(path) != nil
    }

    /// Where a symbolic link points, as it is written there.
    ///
    /// - Throws: ``SystemError`` of `readlink`; EINVAL if it is no link.
    package static func linkTarget(_ path: String) throws(SystemError) -> String {
        try requireNoZeroByte(path, call: "readlink")
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = try systemCall("readlink", path) { readlink(path, &target, target.count) }
        return String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The last component of a link's target, as sysfs names a device's driver, PF or IOMMU group.
    ///
    /// - Returns: `nil` if there is no such link.
    /// - Throws: ``SystemError`` of `readlink`, except for ENOENT.
    package static func linkName(_ path: String) throws(SystemError) -> String? {
        do throws(SystemError) {
            return split(try linkTarget(path)).name
        } catch {
            guard error.errno == ENOENT else { throw error }
            return nil
        }
    }

    private static func fill(
        _ path: String,
        with bytes: [UInt8],
        mode: UInt32,
        isDurable: Bool
    ) throws(SystemError) {
        // The thread's number is in the name: a file that is there was left by a thread that is not.
        unlink(path)
        let file = try Descriptor(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        try file.write(bytes, to: path)
        try file.call("fchmod", path) { fchmod($0, mode_t(mode)) }
        if isDurable { try file.call("fsync", path) { fsync($0) } }
    }

    /// The directory, `.` when none is written, and the last component.
    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let directory = path[..<slash]
        return (directory.isEmpty ? "/" : String(directory), String(path[path.utf8.index(after: slash)...]))
    }
}
