import AttachmentStore
import Attachments
package import CNI
package import JSON
import LinuxSystem
import PCI

/// The program as a runtime or another meta-plugin calls it by the name `sriov`: one function, one interface.
///
/// Several attachments of a container share its journal, so this role and the meta-plugin read each other's.
package struct SRIOVRole {
    let host: FunctionHost
    let invocation: CNIInvocation
    /// Written to each journal.
    private let release: String

    /// Prepares for one call.
    ///
    /// - Parameters:
    ///   - invocation: The call.
    ///   - environment: Where records are kept, if not in the standard places.
    ///   - release: Of this program.
    /// - Throws: ``CNIError``.
    package init(
        _ invocation: CNIInvocation,
        environment: [String: String],
        release: String
    ) throws(CNIError) {
        self.invocation = invocation
        self.release = release
        self.host = try report { () throws(SRIOVError) in
            try FunctionHost(environment: environment, deadline: .after(seconds: Self.seconds))
        }
    }

    /// Attaches.
    ///
    /// - Parameter input: What came on standard input.
    /// - Returns: The result to print.
    /// - Throws: ``CNIError``; nothing of the attachment is then left, or a journal says what is.
    package func add(_ input: [UInt8]) throws(CNIError) -> JSONValue {
        let request = try Self.document(input)
        let configuration = try SRIOVConfiguration(request, arguments: invocation.arguments)
        return try report { () throws(SRIOVError) in
            let sandbox = try SandboxNetwork(invocation.networkNamespace ?? "")
            let lock = try host.lock(containerID: invocation.containerID, until: .after(seconds: Self.addLockSeconds))
            let locks = try host.lock([configuration.device], until: .after(seconds: Self.addLockSeconds))
            defer { withExtendedLifetime(locks) {} }
            let text = String(decoding: input, as: UTF8.self)
            do throws(SRIOVError) {
                return try add(configuration, request: request, text: text, in: sandbox)
            } catch {
                forgetContainer(under: lock)
                throw error
            }
        }
    }

    /// Removes the container's lock file if nothing of it is recorded, after an ADD that came to nothing.
    private func forgetContainer(under lock: borrowing FileLock) {
        let isRecorded: Bool
        do throws(StoreError) {
            isRecorded = try host.state.journal(containerID: invocation.containerID) != nil
        } catch {
            isRecorded = true
        }
        // A lock file that stays behind harms nobody.
        if !isRecorded { try? host.state.removeLock(containerID: invocation.containerID) }
    }

    private func add(
        _ configuration: SRIOVConfiguration,
        request: JSONValue,
        text: String,
        in sandbox: SandboxNetwork
    ) throws(SRIOVError) -> JSONValue {
        var journal = try openJournal(for: sandbox, holding: configuration.device)
        if let known = try known(configuration, in: &journal, sandbox: sandbox) { return known }
        var attachment = AttachmentRecord(
            id: journal.nextID,
            network: configuration.networkName,
            networkName: configuration.networkName,
            interfaceName: invocation.interfaceName,
            cniVersion: configuration.version.description,
            configuration: text,
            deviceID: configuration.device.description,
            runtimeConfig: request["runtimeConfig"]?.object,
            cniArguments: invocation.arguments.description,
            kind: .function(try prepare(configuration, journal, sandbox: sandbox))
        )
        journal.attachments.append(attachment)
        try records(host.state.write(journal))
        do throws(SRIOVError) {
            let result = try carryOut(configuration, attachment, request: request, in: sandbox)
            attachment.result = result
            journal.attachments[journal.attachments.count - 1] = attachment
            try records(host.state.write(journal, isDurable: false))
            return result
        } catch {
            throw rollBack(attachment, in: &journal, after: error)
        }
    }

    /// Judges the claim and reads the function, changing nothing but what former owners left.
    private func prepare(
        _ configuration: SRIOVConfiguration,
        _ journal: Journal,
        sandbox: SandboxNetwork
    ) throws(SRIOVError) -> FunctionRecord {
        let claim = Owner(
            function: configuration.device,
            containerID: journal.containerID,
            interfaceName: invocation.interfaceName,
            namespace: journal.sandbox.identity,
            bootID: journal.bootID,
            podUID: journal.pod.uid,
            podLabel: journal.pod.label
        )
        _ = try host.settle(claim, pluginPath: invocation.pluginPath)
        if let type = configuration.ipamType { try host.requirePlugin(type, in: invocation.pluginPath) }
        let record = try host.record(of: configuration.device)
        try host.learnBaseline(record)
        try host.requireFree(invocation.interfaceName, in: sandbox)
        // Planned before anything is written, so that what cannot be asked for is refused with nothing to undo.
        _ = try AttachPlan(configuration, record: record, interfaceName: invocation.interfaceName)
        return record
    }

    private func carryOut(
        _ configuration: SRIOVConfiguration,
        _ attachment: AttachmentRecord,
        request: JSONValue,
        in sandbox: SandboxNetwork
    ) throws(SRIOVError) -> JSONValue {
        guard let function = attachment.function else { return [:] }
        let result = try host.add(configuration, function, in: sandbox, invocation, request: request)
        do throws(CNIError) {
            return try result.json(version: configuration.version)
        } catch {
            throw .answer(error)
        }
    }

    private func rollBack(
        _ attachment: AttachmentRecord,
        in journal: inout Journal,
        after error: SRIOVError
    ) -> SRIOVError {
        let failures = host.delete(attachment, of: journal, pluginPath: invocation.pluginPath)
        guard failures.isEmpty else { return .notUndone(error.cniError, failures.map(\.reason.cniError.message)) }
        do throws(SRIOVError) {
            try host.remove(attachment, from: &journal)
            return error
        } catch let second {
            return .notUndone(error.cniError, [second.cniError.message])
        }
    }

    /// The container's journal as this operation goes on with it; a new one if there is none.
    private func openJournal(
        for sandbox: SandboxNetwork,
        holding device: PCIAddress
    ) throws(SRIOVError) -> Journal {
        let leader = try system(ProcessGroup.lead().leader)
        let operation = Operation(
            command: invocation.command.rawValue,
            processGroup: Int(leader.process),
            startTime: leader.startTicks
        )
        let pod = PodIdentity(
            namespace: invocation.arguments["K8S_POD_NAMESPACE"] ?? "",
            name: invocation.arguments["K8S_POD_NAME"] ?? "",
            uid: invocation.arguments["K8S_POD_UID"] ?? ""
        )
        let new = Journal(
            containerID: invocation.containerID,
            sandbox: sandbox.sandbox,
            bootID: host.bootID,
            pod: pod,
            operation: operation,
            release: release
        )
        guard var kept = try records(host.state.journal(containerID: invocation.containerID)) else { return new }
        guard kept.bootID == new.bootID, kept.sandbox.identity == new.sandbox.identity else {
            // The same ID in another namespace: what it was is over.
            guard try host.clear(kept, pluginPath: invocation.pluginPath, holding: [device]) else {
                throw .staleJournal(containerID: invocation.containerID)
            }
            return new
        }
        kept.operation = operation
        kept.release = release
        return kept
    }

    /// What a repeated ADD gets: the same result if the attachment stands, and a clean start if it was not finished.
    private func known(
        _ configuration: SRIOVConfiguration,
        in journal: inout Journal,
        sandbox: SandboxNetwork
    ) throws(SRIOVError) -> JSONValue? {
        guard let kept = journal.attachment(interfaceName: invocation.interfaceName) else { return nil }
        let function = kept.function?.address
        if let result = kept.result {
            guard function == configuration.device else {
                throw .attachedElsewhere(interfaceName: kept.interfaceName, function: function)
            }
            let isThere = try sandbox.interface(of: configuration.device, named: kept.interfaceName) != nil
            if isThere || kept.function?.originals.interface == nil { return result }
        }
        // Its own function may be another than the one asked for now.
        let locks = try function.flatMap { $0 == configuration.device ? nil : $0 }.map { address throws(SRIOVError) in
            try host.lock([address], until: .after(seconds: Self.addLockSeconds))
        }
        defer { withExtendedLifetime(locks) {} }
        let failures = host.delete(kept, of: journal, pluginPath: invocation.pluginPath)
        if let failure = failures.first { throw failure.reason }
        try host.remove(kept, from: &journal)
        return nil
    }

    /// Reads the configuration.
    ///
    /// - Throws: ``CNIError`` code 6 if it is no JSON.
    package static func document(_ input: [UInt8]) throws(CNIError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue(parsing: input)
        } catch {
            throw CNIError(.cannotDecode, "the configuration on standard input: \(error)")
        }
    }

    /// For everything together: well below the minutes a kubelet waits, so that there is time left to undo.
    private static let seconds: UInt64 = 90
    /// For each lock at ADD.
    private static let addLockSeconds: UInt64 = 20
    /// For each lock at DEL, after which the operation that holds it is ended.
    static let deleteLockSeconds: UInt64 = 10
}

/// Does what fails in our terms, with the error in the runtime's.
func report<Value: ~Copyable>(_ body: () throws(SRIOVError) -> Value) throws(CNIError) -> Value {
    do throws(SRIOVError) { return try body() } catch { throw error.cniError }
}
