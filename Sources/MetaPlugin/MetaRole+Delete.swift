import AttachmentStore
import Attachments
import CNI
import Delegates
import JSON
import LinuxSystem
import NodeProtocol

extension MetaRole {
    /// Detaches the pod from everything the journal says it has, in reverse, whatever fails on the way.
    ///
    /// - Throws: ``CNIError`` if something may succeed when it is tried again; the journal then stays.
    func delete() throws(CNIError) {
        let deadline = Deadline.after(seconds: configuration.workSeconds)
        let lock = try lockContainer(until: deadline)
        defer { _ = lock.path }
        let journal: Journal?
        do throws(StoreError) {
            journal = try state.journal(containerID: invocation.containerID)
        } catch {
            guard case .damaged = error else { throw CNIError(error) }
            return try deleteUnrecorded(because: "\(error)", until: deadline)
        }
        guard let journal else { return try deleteUnrecorded(because: nil, until: deadline) }
        try delete(journal, until: deadline)
    }

    private func delete(_ journal: Journal, until deadline: Deadline) throws(CNIError) {
        guard try actsFor(journal) else {
            note("the container was given another namespace since; nothing of it is touched")
            return
        }
        let own = journal.attachments.filter { $0.belongs(toCall: invocation.interfaceName) }
        // Another call's are left alone.
        guard !own.isEmpty else { return }
        let held = try HeldFunctions(recordedBy: own, environment, until: deadline)
        defer { withExtendedLifetime(held?.locks) {} }
        // Read again: whoever had a function's lock may have undone its attachment and taken it out.
        let reread = try stored { () throws(StoreError) in try state.journal(containerID: invocation.containerID) }
        guard var journal = reread else { return }
        let records = journal.attachments.filter { $0.belongs(toCall: invocation.interfaceName) }
        journal.operation = operation
        // Not synced: it only names us to a DEL that comes while we hang.
        try stored { () throws(StoreError) in try state.write(journal, isDurable: false) }
        let outcome = undo(records, journal, held, until: deadline)
        if let error = CNIError(joining: outcome.passing.map(\.placedError)) { throw error }
        try drop(records, outcome.lasting, from: journal)
        report(.deleted, [], of: journal.pod)
    }

    /// Whether the DEL is for the sandbox of the journal: a late one may come when the container has another.
    private func actsFor(_ journal: Journal) throws(CNIError) -> Bool {
        guard let path = invocation.networkNamespace, let identity = try identity(ofNamespace: path) else {
            return true
        }
        if identity == journal.sandbox.identity { return true }
        return try journal.namespacePath(alsoAt: nil) == nil
    }

    /// Looks where traces of a container may be that no journal tells of: the results that were kept, and whatever state
    /// the default network's plugins have.
    ///
    /// - Parameters:
    ///   - damage: What is wrong with the journal; `nil` if there is none.
    ///   - deadline: When delegates that still run are ended.
    /// - Throws: ``CNIError`` if something may succeed when it is tried again.
    private func deleteUnrecorded(because damage: String?, until deadline: Deadline) throws(CNIError) {
        if let damage { note("\(damage); going by the results that were kept") }
        let entries = try system("result cache") { () throws(SystemError) in
            try results.entries(containerID: invocation.containerID)
        }
        let (first, others) = (entries.filter(isDefault), entries.filter { !isDefault($0) })
        var records = (first + others).enumerated().map { AttachmentRecord($1, id: $0) }
        if first.isEmpty, let standard = standardRecord(id: records.count) { records.insert(standard, at: 0) }
        let held = try HeldFunctions(recordedBy: records, environment, until: deadline)
        let outcome = undo(records, try journal(of: records), held, isUnrecorded: true, until: deadline)
        // Without a record nobody knows whether there was anything, so only "try again" keeps the pod from going.
        let blocking = damage == nil ? outcome.passing.filter { $0.error.code == .tryAgainLater } : outcome.passing
        if let error = CNIError(joining: blocking.map(\.placedError)) { throw error }
        for failure in outcome.passing + outcome.lasting { note("nothing to go by: \(failure)") }
        if damage != nil {
            try stored { () throws(StoreError) in try state.putAside(containerID: invocation.containerID) }
        }
        forgetContainer()
    }

    private func isDefault(_ entry: ResultCache.Entry) -> Bool { entry.interfaceName == invocation.interfaceName }

    /// The default network as our configuration has it now; `nil` if it has none to be used.
    private func standardRecord(id: Int) -> AttachmentRecord? {
        do throws(CNIError) {
            let assembly = NetworkAssembly(invocation: invocation, configuration: configuration)
            return try assembly.networks(try configuration.loadDefaultNetwork(), plan: nil, firstID: id).first?.record
        } catch {
            note("default network: \(error.message)")
            return nil
        }
    }

    /// A journal of what was found, in the namespace the runtime names.
    private func journal(of records: [AttachmentRecord]) throws(CNIError) -> Journal {
        let path = invocation.networkNamespace ?? ""
        let identity = path.isEmpty ? nil : try identity(ofNamespace: path)
        return Journal(
            containerID: invocation.containerID,
            sandbox: Sandbox(path: path, identity: identity ?? NamespaceIdentity(device: 0, inode: 0)),
            bootID: try bootID(),
            release: NodeWire.release,
            attachments: records
        )
    }
}

extension AttachmentRecord {
    /// What a kept result tells of an attachment.
    fileprivate init(_ entry: ResultCache.Entry, id: Int) {
        self.init(
            id: id,
            network: entry.networkName,
            networkName: entry.networkName,
            interfaceName: entry.interfaceName,
            cniVersion: "",
            configuration: entry.configuration,
            runtimeConfig: entry.runtimeConfig,
            cniArguments: entry.arguments.description,
            kind: .delegate
        )
    }
}
