package import Attachments
import Glibc
package import LinuxSystem
package import PCI

extension StateDirectory {
    /// What stands in the journal directory for one container.
    package enum Entry: Equatable, Sendable {
        case journal(Journal)
        /// The file cannot be understood; its container is known by its name.
        case damaged(containerID: String, JournalError)
    }

    /// A container's journal; `nil` if it has none.
    ///
    /// - Throws: ``StoreError``.
    package func journal(containerID: String) throws(StoreError) -> Journal? {
        let file = try journalPath(containerID)
        guard let bytes = try stored(file) else { return nil }
        do throws(JournalError) {
            return try Journal(parsing: bytes)
        } catch {
            throw .damaged(path: file, error)
        }
    }

    /// Writes a journal as a whole.
    ///
    /// - Parameters:
    ///   - journal: What to write.
    ///   - isDurable: Whether it must outlive a power cut; needed before the first change, not for what is noted after.
    /// - Throws: ``StoreError/system(_:)``.
    package func write(_ journal: Journal, isDurable: Bool = true) throws(StoreError) {
        let file = try journalPath(journal.containerID)
        do throws(SystemError) {
            try File.write(journal.serialized(), to: file, isDurable: isDurable)
        } catch {
            throw .system(error)
        }
    }

    /// Removes a container's journal; one that is gone is removed already.
    ///
    /// To be called under the container's lock. Not synced: what comes back after a power cut is a record of another boot.
    ///
    /// - Throws: ``StoreError/system(_:)``.
    package func removeJournal(containerID: String) throws(StoreError) {
        let file = try journalPath(containerID)
        do throws(SystemError) {
            try File.remove(file)
            try File.removeRemnants(of: file)
        } catch {
            throw .system(error)
        }
    }

    /// Puts a journal that makes no sense aside, where a person finds it and no operation trips over it.
    ///
    /// - Throws: ``StoreError/system(_:)``.
    package func putAside(containerID: String) throws(StoreError) {
        let file = try journalPath(containerID)
        guard rename(file, "\(path)/damaged/\(containerID).json") == 0 || errno == ENOENT else {
            throw .system(SystemError(call: "rename", subject: file, errno: errno))
        }
    }

    /// Every journal there is, by container ID.
    ///
    /// - Throws: ``SystemError`` if the directory or a file of it cannot be read.
    package func entries() throws(SystemError) -> [Entry] { try entries { _ in true } }

    /// The journals in which an address occurs.
    ///
    /// Most journals are of other functions, so the text is searched before anything is parsed.
    ///
    /// - Throws: ``SystemError`` if the directory or a file of it cannot be read.
    package func entries(naming address: PCIAddress) throws(SystemError) -> [Entry] {
        let wanted = Array(address.description.utf8)
        return try entries { occurs(wanted, in: $0) }
    }

    private func entries(where isWanted: ([UInt8]) -> Bool) throws(SystemError) -> [Entry] {
        var found: [Entry] = []
        for name in try Directory.entriesIfPresent("\(path)/journal") ?? [] {
            guard let containerID = Journal.containerID(fileName: name) else { continue }
            // One that was removed since the directory was read is not there.
            guard let bytes = try bytes("\(path)/journal/\(name)"), isWanted(bytes) else { continue }
            do throws(JournalError) {
                found.append(.journal(try Journal(parsing: bytes)))
            } catch {
                found.append(.damaged(containerID: containerID, error))
            }
        }
        return found
    }

    private func journalPath(_ containerID: String) throws(StoreError) -> String {
        guard let name = Journal.fileName(containerID: containerID) else { throw .system(unnameable(containerID)) }
        return "\(path)/journal/\(name)"
    }

    func stored(_ file: String) throws(StoreError) -> [UInt8]? {
        do throws(SystemError) {
            return try bytes(file)
        } catch {
            throw .system(error)
        }
    }
}

/// Whether the bytes `wanted` stand somewhere in `text`.
private func occurs(_ wanted: [UInt8], in text: [UInt8]) -> Bool {
    guard let first = wanted.first, text.count >= wanted.count else { return wanted.isEmpty }
    return (0...(text.count - wanted.count)).contains { start in
        text[start] == first && text[start..<start + wanted.count].elementsEqual(wanted)
    }
}
