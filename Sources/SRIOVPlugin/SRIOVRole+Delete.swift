import AttachmentStore
import Attachments
package import CNI
import JSON
import LinuxSystem
import Netlink
import PCI

extension SRIOVRole {
    /// Detaches; what is not there is detached already.
    ///
    /// - Parameter input: What came on standard input; the journal is believed before it.
    /// - Throws: ``CNIError`` if something did not succeed that may succeed the next time; the journal is then kept. What
    ///   cannot succeed is left to whoever reads the journals, and is no error.
    package func delete(_ input: [UInt8]) throws(CNIError) {
        let request = try Self.document(input)
        try report { () throws(SRIOVError) in
            let lock = try containerLock()
            let entry = try kept()
            switch entry {
            case .journal(let journal)? where journal.attachment(interfaceName: invocation.interfaceName) != nil:
                try delete(from: journal)
            case .damaged?:
                try deleteUnrecorded(request)
                try records(host.state.putAside(containerID: invocation.containerID))
                try removeContainerLock()
            case .journal?: try deleteUnrecorded(request)
            case nil:
                try deleteUnrecorded(request)
                // An ADD that was killed while it wrote its first journal left a part beside its place.
                try records(host.state.removeJournal(containerID: invocation.containerID))
                try removeContainerLock()
            }
            _ = consume lock
        }
    }

    private func kept() throws(SRIOVError) -> StateDirectory.Entry? {
        do throws(StoreError) {
            return try host.state.journal(containerID: invocation.containerID).map { .journal($0) }
        } catch {
            guard case .damaged(_, let reason) = error else { throw .store(error) }
            return .damaged(containerID: invocation.containerID, reason)
        }
    }

    /// The container's lock; whoever still holds it at the deadline is ended, as the journal names it.
    private func containerLock() throws(SRIOVError) -> FileLock {
        let containerID = invocation.containerID
        do throws(SRIOVError) {
            return try host.lock(containerID: containerID, until: .after(seconds: Self.deleteLockSeconds))
        } catch {
            guard case .busy = error else { throw error }
            // A journal that cannot be read names nobody to be ended; then the lock stays the answer.
            guard let operation = (try? host.state.journal(containerID: containerID))?.operation else { throw error }
            let leader = ProcessIdentity(
                process: Int32(clamping: operation.processGroup),
                startTicks: operation.startTime
            )
            try system(ProcessGroup(leader: leader).end(until: .after(seconds: 5)))
            return try host.lock(containerID: containerID, until: .after(seconds: 5))
        }
    }

    private func delete(from first: Journal) throws(SRIOVError) {
        let functions = first.attachments.filter { $0.interfaceName == invocation.interfaceName }
            .compactMap { $0.function?.address }
        let locks = try host.lock(functions, until: .after(seconds: Self.deleteLockSeconds))
        defer { withExtendedLifetime(locks) {} }
        // Read again: whoever had the function's lock may have undone this attachment and taken it out.
        guard var journal = try records(host.state.journal(containerID: invocation.containerID)),
            let attachment = journal.attachment(interfaceName: invocation.interfaceName)
        else { return try removeContainerLock() }
        let failures = host.delete(attachment, of: journal, pluginPath: invocation.pluginPath).map(\.reason)
        if failures.isEmpty {
            try host.remove(attachment, from: &journal)
            if journal.attachments.isEmpty { try removeContainerLock() }
        }
        let passing = failures.filter { !$0.isLasting }
        guard let worst = passing.first else { return }
        throw passing.count == 1
            ? worst : .notUndone(worst.cniError, passing.dropFirst().map(\.cniError.message))
    }

    /// Nothing is recorded: what the kernel shows and what the address plugin has is what there is.
    ///
    /// A function found in the very namespace, under the very name, is this attachment's unless a journal says otherwise.
    private func deleteUnrecorded(_ request: JSONValue) throws(SRIOVError) {
        var failures: [SRIOVError] = []
        do throws(SRIOVError) { try returnUnrecorded(request) } catch { failures.append(error) }
        do throws(SRIOVError) { try host.askAddressPlugin(request, invocation) } catch { failures.append(error) }
        if let failure = failures.first(where: { !$0.isLasting }) { throw failure }
    }

    private func returnUnrecorded(_ request: JSONValue) throws(SRIOVError) {
        let text = request["runtimeConfig"]?["deviceID"]?.string ?? request["deviceID"]?.string
        guard let address = text.flatMap(PCIAddress.init), let path = invocation.networkNamespace else { return }
        let locks = try host.lock([address], until: .after(seconds: Self.deleteLockSeconds))
        defer { withExtendedLifetime(locks) {} }
        try host.returnUnrecorded(
            address,
            from: path,
            interfaceName: invocation.interfaceName,
            containerID: invocation.containerID
        )
    }

    private func removeContainerLock() throws(SRIOVError) {
        try system(host.state.removeLock(containerID: invocation.containerID))
    }
}
