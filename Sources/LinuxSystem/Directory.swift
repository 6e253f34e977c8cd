import Glibc

/// Directories: listed, made, synced.
package enum Directory {
    /// The names in a directory without `.` and `..`, sorted by their bytes.
    ///
    /// - Throws: ``SystemError`` of `opendir` or `readdir`.
    package static func entries(_ path: String) throws(SystemError) -> [String] {
        try requireNoZeroByte(path, call: "opendir")
        guard let stream = opendir(path) else { throw SystemError(call: "opendir", subject: path, errno: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // readdir tells its end from a failure by errno alone.
            errno = 0
            guard let entry = readdir(stream) else {
                let number = errno
                guard number == 0 else { throw SystemError(call: "readdir", subject: path, errno: number) }
                return names.sorted()
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// The names in a directory, or `nil` where there is none.
    ///
    /// - Throws: ``SystemError`` as ``entries(_:)`` does, except for ENOENT and ENOTDIR.
    package static func entriesIfPresent(_ path: String) throws(SystemError) -> [String]? {
        do throws(SystemError) {
            return try entries(path)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return nil
        }
    }

    /// Makes a directory with all above it; one that is there is left as it is.
    ///
    /// - Parameters:
    ///   - path: The directory; relative to the working directory unless it starts with a slash.
    ///   - mode: The permissions of every directory that is made, before the umask.
    /// - Throws: ``SystemError`` of `mkdir`; ENOTDIR if something else has the name.
    package static func create(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
        try requireNoZeroByte(path, call: "mkdir")
        var made = path.utf8.first == UInt8(ascii: "/") ? "/" : ""
        for component in path.split(separator: "/") {
            made += made.isEmpty || made == "/" ? component : "/" + component
            if mkdir(made, mode_t(mode)) == 0 { continue }
            let number = errno
            guard number == EEXIST || number == EISDIR else {
                // A parent on a read-only file system answers EROFS before EEXIST would show.
                guard try isDirectory(made) else { throw SystemError(call: "mkdir", subject: made, errno: number) }
                continue
            }
            guard try isDirectory(made) else { throw SystemError(call: "mkdir", subject: made, errno: ENOTDIR) }
        }
    }

    /// Puts a directory's names on the disk: files made, renamed and removed in it.
    ///
    /// - Throws: ``SystemError`` of `open` or `fsync`.
    package static func sync(_ path: String) throws(SystemError) {
        let directory = try Descriptor(opening: path, flags: O_RDONLY | O_DIRECTORY)
        try directory.call("fsync", path) { fsync($0) }
    }

    /// Whether a path leads to a directory.
    ///
    /// - Throws: ``SystemError`` of `stat`, except for ENOENT and ENOTDIR.
    package static func isDirectory(_ path: String) throws(SystemError) -> Bool {
        var status = stat()
        do throws(SystemError) {
            _ = try systemCall("stat", path) { stat(path, &status) }
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return false
        }
        return status.st_mode & S_IFMT == S_IFDIR
    }
}
