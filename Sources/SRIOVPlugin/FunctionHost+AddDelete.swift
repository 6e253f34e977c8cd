import Addresses
package import Attachments
package import CNI
package import JSON
import LinuxSystem
import PCI

/// A part of a deletion that did not succeed.
package struct DetachFailure: Equatable, Sendable {
    package var reason: SRIOVError
    /// Whether it is about the function itself; else about what was reserved for it.
    package var isOfFunction: Bool
}

extension FunctionHost {
    /// Attaches a function whose record is on disk, and gets its addresses.
    ///
    /// - Parameters:
    ///   - configuration: What is asked for.
    ///   - record: The function, read by ``record(of:)``.
    ///   - sandbox: The pod's namespace.
    ///   - invocation: The ADD.
    ///   - request: The complete configuration, for the address plugin.
    /// - Returns: The result of the ADD.
    /// - Throws: ``SRIOVError``; what is done then stands, and the caller deletes the attachment.
    package func add(
        _ configuration: SRIOVConfiguration,
        _ record: FunctionRecord,
        in sandbox: SandboxNetwork,
        _ invocation: CNIInvocation,
        request: JSONValue
    ) throws(SRIOVError) -> CNIResult {
        let plan = try AttachPlan(configuration, record: record, interfaceName: invocation.interfaceName)
        try system(incumbent.mark(record.address, namespace: sandbox.sandbox.path))
        let interface = try perform(plan, of: record, in: sandbox)
        var result = CNIResult()
        if let type = configuration.ipamType {
            result = try addAddresses(from: type, to: interface, in: sandbox, invocation, request: request)
        }
        if result.dns.isEmpty { result.dns = try dns(of: request) }
        let mac = interface?.mac ?? configuration.settings.administrativeMAC
        result.interfaces = [
            CNIResult.Interface(
                name: invocation.interfaceName,
                mac: mac?.description ?? "",
                mtu: interface.map { UInt64($0.mtu) } ?? 0,
                sandbox: sandbox.sandbox.path,
                pciID: record.address.description
            )
        ]
        return result
    }

    /// Deletes an attachment: frees its addresses, gives its function back, takes the incumbent's mark away.
    ///
    /// To be called under the locks of its container and function. Goes to the end whatever fails; what is gone counts
    /// as done, and a function that another living attachment holds is left alone.
    ///
    /// - Parameters:
    ///   - attachment: What to delete.
    ///   - journal: The journal it stands in.
    ///   - pluginPath: Where the address plugin is found.
    /// - Returns: What did not succeed.
    package func delete(
        _ attachment: AttachmentRecord,
        of journal: Journal,
        pluginPath: [String]
    ) -> [DetachFailure] {
        var failures: [DetachFailure] = []
        do throws(SRIOVError) {
            try releaseAddresses(of: attachment, in: journal, pluginPath: pluginPath)
        } catch {
            failures.append(DetachFailure(reason: error, isOfFunction: false))
        }
        guard let function = attachment.function, let owner = Owner(of: attachment, in: journal) else {
            return failures
        }
        let undone = giveBack(function, of: owner, from: journal.sandbox)
        return failures + undone.map { DetachFailure(reason: $0, isOfFunction: true) }
    }

    /// Gives a function back for its owner, unless another living one holds it.
    ///
    /// - Parameters:
    ///   - function: How it stood before.
    ///   - owner: For whom.
    ///   - sandbox: The owner's namespace, which may be gone.
    /// - Returns: What failed.
    package func giveBack(_ function: FunctionRecord, of owner: Owner, from sandbox: Sandbox) -> [SRIOVError] {
        do throws(SRIOVError) {
            let holder = Holder(owner: owner, namespaceExists: try exists(sandbox, ofBoot: owner.bootID))
            // An owner whose namespace is there has no rival: the other journals, of which one may be damaged, are not asked.
            let holders = holder.namespaceExists ? [] : try holders(of: function.address)
            guard OwnerVerdict.mayUndo(holder, holders: holders, bootID: bootID) else { return [] }
            let network = try open(sandbox, ofBoot: owner.bootID)
            var failures = undo(function, sandbox: network, interfaceName: owner.interfaceName)
            // A device that is gone took everything with it.
            failures.removeAll { $0 == .obstacle(function.address, .unplugged) }
            if failures.isEmpty { try system(incumbent.unmark(function.address, namespace: sandbox.path)) }
            return failures
        } catch {
            return [error]
        }
    }

    private func releaseAddresses(
        of attachment: AttachmentRecord,
        in journal: Journal,
        pluginPath: [String]
    ) throws(SRIOVError) {
        let request: JSONValue
        let arguments: CNIArguments
        do throws(CNIError) {
            request = try recordedRequest(attachment)
            arguments = try CNIArguments(parsing: attachment.cniArguments ?? "")
        } catch {
            throw .answer(error)
        }
        let isThere = try exists(journal.sandbox, ofBoot: journal.bootID)
        let invocation = CNIInvocation(
            command: .del,
            containerID: journal.containerID,
            networkNamespace: isThere ? journal.sandbox.path : nil,
            interfaceName: attachment.interfaceName,
            arguments: arguments,
            pluginPath: pluginPath
        )
        try askAddressPlugin(request, invocation)
    }

    /// What the `sriov` plugin of a network gets after ADD, made from what was kept.
    func recordedRequest(_ attachment: AttachmentRecord) throws(CNIError) -> JSONValue {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: attachment.configuration)
        } catch {
            throw CNIError(.cannotDecode, "the configuration kept for \(attachment.interfaceName): \(error)")
        }
        let version = CNIVersion(attachment.cniVersion) ?? .newest
        let list = try NetworkConfigurationList(
            document,
            fallbackName: attachment.networkName,
            fallbackVersion: version
        )
        guard let plugin = list.plugins.first(where: { $0.type == "sriov" }) ?? list.plugins.first else { return [:] }
        return list.request(
            for: plugin,
            previousResult: list.version >= .v0_4_0 ? attachment.result : nil,
            runtimeConfig: attachment.runtimeConfig ?? JSONObject()
        )
    }

    private func dns(of request: JSONValue) throws(SRIOVError) -> CNIResult.DNS {
        do throws(CNIError) { return try CNIResult.DNS(request["dns"]) } catch { throw .answer(error) }
    }
}
