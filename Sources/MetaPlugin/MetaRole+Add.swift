import AttachmentStore
import Attachments
import CNI
import Delegates
import JSON
import LinuxSystem
import NodeProtocol
import SRIOVPlugin

extension MetaRole {
    /// Attaches the pod to its networks.
    ///
    /// - Returns: The default network's result in our configuration's version.
    /// - Throws: ``CNIError``; everything that was attempted is undone then, or the journal is left for the DEL.
    func add() throws(CNIError) -> JSONValue {
        let deadline = Deadline.after(seconds: configuration.workSeconds)
        let lock = try lockContainer(until: deadline)
        defer { _ = lock.path }
        do throws(CNIError) {
            return try addLocked(until: deadline)
        } catch {
            if !hasJournal() { forgetContainer() }
            throw error
        }
    }

    /// A journal that cannot be read is there all the same.
    private func hasJournal() -> Bool {
        do throws(StoreError) {
            return try state.journal(containerID: invocation.containerID) != nil
        } catch {
            return true
        }
    }

    private func addLocked(until deadline: Deadline) throws(CNIError) -> JSONValue {
        let sandbox = try openSandbox()
        var journal = try openJournal(sandbox)
        if let result = try confirmed(journal, sandbox) { return try answer(result) }
        try clear(&journal, sandbox, until: deadline)

        let plan = try askForPlan(until: min(deadline, .after(seconds: configuration.daemonSeconds)))
        let assembly = NetworkAssembly(invocation: invocation, configuration: configuration)
        var networks = try assembly.networks(
            try configuration.loadDefaultNetwork(),
            plan: plan,
            firstID: journal.nextID
        )
        journal.pod = podIdentity(plan)
        journal.operation = operation
        let held = try holdFunctions(of: &networks, for: journal, until: deadline)
        defer { withExtendedLifetime(held?.locks) {} }
        journal.attachments += networks.map(\.record)
        try stored { () throws(StoreError) in try state.write(journal) }
        let attached = try attachAll(networks, journal, held, in: sandbox, until: deadline)
        report(.added, attached, of: journal.pod)
        return try answer(attached.first?.result)
    }

    /// The container's journal, or a new one.
    private func openJournal(_ sandbox: borrowing NetworkNamespace) throws(CNIError) -> Journal {
        let kept = try stored { () throws(StoreError) in try state.journal(containerID: invocation.containerID) }
        if let kept { return kept }
        return Journal(
            containerID: invocation.containerID,
            sandbox: Sandbox(path: sandbox.path, identity: NamespaceIdentity(sandbox.identity)),
            bootID: try bootID(),
            release: NodeWire.release
        )
    }

    /// Undoes what an earlier ADD of this call left; after that the journal is this sandbox's.
    private func clear(
        _ journal: inout Journal,
        _ sandbox: borrowing NetworkNamespace,
        until deadline: Deadline
    ) throws(CNIError) {
        let identity = NamespaceIdentity(sandbox.identity)
        let boot = try bootID()
        let isSameSandbox = journal.sandbox.identity == identity && journal.bootID == boot
        let left = journal.attachments.filter { !isSameSandbox || $0.belongs(toCall: invocation.interfaceName) }
        if !left.isEmpty {
            let held = try HeldFunctions(recordedBy: left, environment, until: deadline)
            defer { withExtendedLifetime(held?.locks) {} }
            let outcome = undo(left, journal, held, until: deadline)
            if let error = CNIError(joining: (outcome.passing + outcome.lasting).map(\.placedError)) {
                throw error.prefixed("undoing an earlier ADD")
            }
            try drop(left, [], from: journal)
            journal.attachments.removeAll(where: left.contains)
        }
        guard !isSameSandbox else { return }
        journal.sandbox = Sandbox(path: sandbox.path, identity: identity)
        journal.bootID = boot
    }

    /// What an earlier ADD of the very same call answered, if all it made is there.
    private func confirmed(
        _ journal: Journal,
        _ sandbox: borrowing NetworkNamespace
    ) throws(CNIError) -> JSONValue? {
        let records = journal.attachments.filter { $0.belongs(toCall: invocation.interfaceName) }
        guard !records.isEmpty, records.allSatisfy({ $0.remains == nil }),
            journal.sandbox.identity == NamespaceIdentity(sandbox.identity),
            journal.bootID == (try bootID())
        else { return nil }
        var results: [JSONValue] = []
        for record in records {
            guard let result = self.results.read(record, containerID: invocation.containerID)?.result,
                try stands(record, in: sandbox)
            else { return nil }
            results.append(result)
        }
        return results.first
    }

    /// A function under a userspace driver has no interface to look for.
    private func stands(_ record: AttachmentRecord, in sandbox: borrowing NetworkNamespace) throws(CNIError) -> Bool {
        if let function = record.function, function.originals.interface == nil { return true }
        return try exists(record.interfaceName, in: sandbox)
    }

    /// The default network's result for the runtime.
    private func answer(_ result: JSONValue?) throws(CNIError) -> JSONValue {
        let result = try result.map { value throws(CNIError) in try CNIResult(value, assumedVersion: .newest) }
        return try (result ?? CNIResult()).json(version: configuration.version)
    }
}
