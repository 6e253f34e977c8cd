package import Attachments
package import LinuxSystem
package import PCI

/// Where journals, baselines and locks are kept: root's alone, because configurations may hold secrets.
///
///     /var/lib/patchbay/journal/<container ID>.json
///                       baseline/<PCI address>.json
///                       damaged/…                      journals nobody could read, put aside by DEL
///                       results/<network name>-<container ID>-<interface>
///                       lock/container/<container ID>.lock
///                       lock/function/<PCI address>.lock
package struct StateDirectory: Sendable, Equatable {
    /// Where it is unless the environment says otherwise.
    package static let standardPath = "/var/lib/patchbay"
    /// The variable that moves it; not a key of a network configuration, which a tenant may write.
    package static let variable = "PATCHBAY_STATE_DIRECTORY"

    package let path: String

    /// Names a directory; nothing is made yet.
    package init(_ path: String = Self.standardPath) { self.path = path }

    /// The directory that the environment names, else the standard one.
    package init(environment: [String: String]) {
        let path = environment[Self.variable] ?? ""
        self.init(path.isEmpty ? Self.standardPath : path)
    }

    /// Makes the directories that are missing.
    ///
    /// - Throws: ``SystemError`` of `mkdir`.
    package func create() throws(SystemError) {
        for name in ["journal", "baseline", "damaged", "lock/container", "lock/function"] {
            // Looked at first: making each with all above it costs ten times the calls, at every call of the program.
            let directory = "\(path)/\(name)"
            if try !Directory.isDirectory(directory) { try Directory.create(directory) }
        }
    }

    /// Refuses a directory in which no record can be written, by writing one of no bytes.
    ///
    /// - Throws: ``SystemError`` of the call that failed.
    package func requireWritable() throws(SystemError) {
        let probe = "\(path)/journal/.probe"
        try File.write([], to: probe, isDurable: false)
        try File.remove(probe)
    }

    /// Takes the lock on a container's operations; the lock lives in every process that inherits its descriptor.
    ///
    /// - Throws: ``SystemError``; ETIMEDOUT if it is held at the deadline, EINVAL for an ID CNI does not allow.
    package func lock(containerID: String, until deadline: Deadline) throws(SystemError) -> FileLock {
        try FileLock(try lockPath(containerID: containerID), until: deadline)
    }

    /// Takes the lock on a function.
    ///
    /// - Throws: ``SystemError``; ETIMEDOUT if it is held at the deadline.
    package func lock(function address: PCIAddress, until deadline: Deadline) throws(SystemError) -> FileLock {
        try FileLock("\(path)/lock/function/\(address).lock", until: deadline)
    }

    /// Removes the lock file of a container that is no more; only for who holds the lock.
    ///
    /// - Throws: ``SystemError`` of `unlink`.
    package func removeLock(containerID: String) throws(SystemError) {
        try File.remove(try lockPath(containerID: containerID))
    }

    private func lockPath(containerID: String) throws(SystemError) -> String {
        guard Journal.fileName(containerID: containerID) != nil else { throw unnameable(containerID) }
        return "\(path)/lock/container/\(containerID).lock"
    }
}

/// A record could not be read or written.
package enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    case system(SystemError)
    /// The file is there and makes no sense; it is never "nothing to do".
    case damaged(path: String, JournalError)

    package var description: String {
        switch self {
        case .system(let error): error.description
        case .damaged(let path, let error): "\(path) \(error)"
        }
    }
}

extension StateDirectory {
    /// More than any record has, in bytes: a pod of 32 networks with configurations of 8 KiB is below 1 MiB.
    ///
    /// Guards our memory against a file that is none of ours.
    static let sizeLimit = 4 << 20

    /// EINVAL for an ID that would name a file elsewhere.
    func unnameable(_ containerID: String) -> SystemError {
        SystemError(call: "open", subject: "\(path)/journal: container ID \"\(containerID)\"", errno: 22)
    }

    /// The bytes of a record; `nil` if there is none.
    func bytes(_ file: String) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            return try File.read(file, limit: Self.sizeLimit)
        } catch {
            // ENOENT and ENOTDIR: before anything was ever written.
            guard error.errno == 2 || error.errno == 20 else { throw error }
            return nil
        }
    }
}
