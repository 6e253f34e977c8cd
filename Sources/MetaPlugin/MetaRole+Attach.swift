import AttachmentStore
import Attachments
import CNI
import Delegates
import JSON
import LinuxSystem
import NodeProtocol

extension MetaRole {
    /// Attaches every network in order; the first that fails ends it, and everything attempted is undone.
    ///
    /// - Returns: What was made, for the report; results in the newest version.
    /// - Throws: ``CNIError`` of the network that failed, with its place.
    func attachAll(
        _ networks: [NetworkToAttach],
        _ journal: Journal,
        _ held: HeldFunctions?,
        in sandbox: borrowing NetworkNamespace,
        until deadline: Deadline
    ) throws(CNIError) -> [ReportedAttachment] {
        var attached: [ReportedAttachment] = []
        for (index, network) in networks.enumerated() {
            do throws(CNIError) {
                let result = try attach(network, held, in: sandbox, until: deadline)
                remember(network, result)
                attached.append(ReportedAttachment(network, result: try result?.json(version: .newest)))
            } catch {
                rollBack(networks[...index].map(\.record), journal, held)
                throw error.prefixed(network.place)
            }
        }
        return attached
    }

    private func attach(
        _ network: NetworkToAttach,
        _ held: HeldFunctions?,
        in sandbox: borrowing NetworkNamespace,
        until deadline: Deadline
    ) throws(CNIError) -> CNIResult? {
        try requireFree(network.record.interfaceName, in: sandbox)
        let call = try network.record.call(
            .add,
            containerID: invocation.containerID,
            sandbox.path,
            configuration.searchPath(invocation)
        )
        let runner = DelegateRunner(environment: environment, deadline: deadline)
        do throws(DelegateFailure) {
            return try runner.add(
                network.network,
                call,
                runtimeConfig: network.record.runtimeConfig ?? JSONObject(),
                own: ownPlugins(network, call, held)
            )
        } catch {
            throw error.cniError
        }
    }

    /// Keeps a result for the DEL and for an ADD that is repeated.
    private func remember(_ network: NetworkToAttach, _ result: CNIResult?) {
        let record = network.record
        do throws(SystemError) {
            try results.write(
                ResultCache.Entry(
                    containerID: invocation.containerID,
                    networkName: record.networkName,
                    interfaceName: record.interfaceName,
                    configuration: record.configuration,
                    namespacePath: invocation.networkNamespace ?? "",
                    // Both were made by us from texts that were read before.
                    arguments: (try? CNIArguments(parsing: record.cniArguments ?? "")) ?? CNIArguments(),
                    runtimeConfig: record.runtimeConfig ?? JSONObject(),
                    result: try? (result ?? CNIResult()).json(version: max(network.network.version, .v0_3_0))
                )
            )
        } catch {
            note("\(network.place): the result is not kept: \(error)")
        }
    }

    /// Undoes a failed ADD; the error of the ADD is what the runtime gets, so failures here go to the log only.
    ///
    /// The journal stays if something could not be undone now: the runtime sends DEL after a failed ADD.
    private func rollBack(_ attempted: [AttachmentRecord], _ journal: Journal, _ held: HeldFunctions?) {
        let deadline = Deadline.after(seconds: configuration.rollbackSeconds)
        do throws(CNIError) {
            // The locks are held on; only the time is new.
            let held = try held.map { held throws(CNIError) in try held.extended(to: deadline, environment) }
            let outcome = undo(attempted, journal, held, until: deadline)
            for failure in outcome.passing { note("rollback: \(failure)") }
            guard outcome.passing.isEmpty else { return }
            // What the failed network lacks on the host it lacked before anything of it was made.
            let lasting = outcome.lasting.filter { $0.record != attempted.last }
            try drop(
                journal.attachments.filter { $0.belongs(toCall: invocation.interfaceName) },
                lasting,
                from: journal
            )
        } catch {
            note("rollback: \(error.message)")
        }
    }
}

extension ReportedAttachment {
    fileprivate init(_ network: NetworkToAttach, result: JSONValue?) {
        self.init(
            id: network.planID,
            network: network.record.network,
            interfaceName: network.record.interfaceName,
            isDefault: network.isDefault,
            result: result,
            deviceID: network.record.deviceID
        )
    }
}
