import AttachmentStore
import Attachments
import CNI
import Delegates
import JSON
import LinuxSystem
import PCI
import SRIOVPlugin

/// Why one attachment could not be undone.
struct UndoFailure: Equatable, CustomStringConvertible {
    var record: AttachmentRecord
    var error: CNIError

    /// The error with the network before its message.
    var placedError: CNIError { error.prefixed("\(record.interfaceName) (\(record.network))") }

    var description: String { "\(record.interfaceName) (\(record.network)): \(error)" }
}

/// What became of undoing several attachments.
struct UndoOutcome: Equatable {
    /// May succeed if it is tried again: an error to the runtime, the journal stays.
    var passing: [UndoFailure] = []
    /// Will fail again until somebody changes the host: stays in the journal for the daemon, success to the runtime.
    var lasting: [UndoFailure] = []
    /// Failed, and there was nothing to undo: never finished, no interface, no address left.
    var moot: [UndoFailure] = []

    mutating func add(_ error: CNIError, of record: AttachmentRecord, isLasting: Bool) {
        let failure = UndoFailure(record: record, error: error)
        if isLasting { lasting.append(failure) } else { passing.append(failure) }
    }
}

/// Undoes attachments of one container, under its lock and those of its functions.
struct Undoing {
    let journal: Journal
    /// Where the container's namespace can be reached; `nil` if it is gone.
    let namespacePath: String?
    /// The functions among the attachments; `nil` if there are none.
    let held: HeldFunctions?
    let pluginPath: [String]
    let results: ResultCache
    let runner: DelegateRunner
    /// Whether the records were pieced together because the journal could not be read.
    var isUnrecorded = false

    /// Undoes attachments from the last to the first, each whatever became of the others; what is gone counts as undone.
    func undo(_ records: [AttachmentRecord]) -> UndoOutcome {
        var outcome = UndoOutcome()
        for record in records.reversed() {
            let before = outcome
            detach(record, &outcome)
            if outcome.passing == before.passing, outcome.lasting == before.lasting {
                results.forget(record, containerID: journal.containerID)
            }
        }
        return outcome
    }

    private func detach(_ record: AttachmentRecord, _ outcome: inout UndoOutcome) {
        var ofFunction: [SRIOVError] = []
        do throws(CNIError) {
            let network = try network(of: record)
            let call = try record.call(.del, containerID: journal.containerID, namespacePath, pluginPath)
            let own: OwnPlugin = { (_, request) throws(CNIError) in
                ofFunction += giveBack(record, request)
                return nil
            }
            let failures = runner.delete(
                network,
                call,
                result: previousResult(of: record, network),
                runtimeConfig: record.runtimeConfig ?? JSONObject(),
                own: held == nil ? [:] : Dictionary(uniqueKeysWithValues: HeldFunctions.types.map { ($0, own) })
            )
            for failure in ofFunction {
                outcome.add(failure.cniError, of: record, isLasting: failure.isLasting)
            }
            settle(failures, of: record, network, call, &outcome)
        } catch {
            outcome.add(error, of: record, isLasting: true)
        }
    }

    /// Judges what delegates failed with by what is there.
    private func settle(
        _ failures: [DelegateFailure],
        of record: AttachmentRecord,
        _ network: NetworkConfigurationList,
        _ call: CNIInvocation,
        _ outcome: inout UndoOutcome
    ) {
        let isInterfaceGone = !failures.isEmpty && isGone(record)
        let unreleased = namespacePath == nil || isInterfaceGone ? release(network, call) : []
        // A program killed on its way leaves records of networks whose turn never came.
        let isMoot =
            isInterfaceGone && unreleased.isEmpty && results.read(record, containerID: journal.containerID) == nil
        for failure in failures {
            let mayPass = failure.cniError.code == .tryAgainLater
            if isMoot, !mayPass {
                outcome.moot.append(UndoFailure(record: record, error: failure.cniError))
            } else {
                // With the interface everything in the pod is gone; only "try again" says that there is more.
                outcome.add(failure.cniError, of: record, isLasting: failure.isLasting || isInterfaceGone && !mayPass)
            }
        }
        for failure in unreleased { outcome.add(failure.cniError, of: record, isLasting: failure.isLasting) }
    }

    private func giveBack(_ record: AttachmentRecord, _ request: JSONValue) -> [SRIOVError] {
        guard let held else { return [] }
        return returnUnrecorded(record, request, held)
            + held.host.delete(record, of: journal, pluginPath: pluginPath).map(\.reason)
    }

    /// Of a journal that could not be read the kept configuration still names the function.
    private func returnUnrecorded(
        _ record: AttachmentRecord,
        _ request: JSONValue,
        _ held: HeldFunctions
    ) -> [SRIOVError] {
        guard isUnrecorded, let path = namespacePath,
            let address = request["deviceID"]?.string.flatMap(PCIAddress.init)
        else { return [] }
        do throws(SRIOVError) {
            try held.host.returnUnrecorded(
                address,
                from: path,
                interfaceName: record.interfaceName,
                containerID: journal.containerID
            )
            return []
        } catch {
            return [error]
        }
    }

    /// Whether the pod certainly has no such interface.
    private func isGone(_ record: AttachmentRecord) -> Bool {
        guard let namespacePath else { return true }
        do throws(CNIError) {
            let sandbox = try system("network namespace") { () throws(SystemError) in
                try NetworkNamespace(namespacePath)
            }
            return try !exists(record.interfaceName, in: sandbox)
        } catch {
            // Not certain, and so not gone.
            return false
        }
    }

    /// Gives addresses back in the delegates' place.
    ///
    /// Plugins differ in what they do without the namespace or their interface: the reference `host-device` then leaves
    /// its addresses taken. IPAM plugins know an address by container and interface, and giving back twice is no error.
    private func release(_ network: NetworkConfigurationList, _ call: CNIInvocation) -> [DelegateFailure] {
        var failures: [DelegateFailure] = []
        for plugin in network.plugins.reversed() {
            let isOurs = held != nil && HeldFunctions.types.contains(plugin.type)
            guard !isOurs, let type = plugin.ipamType else { continue }
            do throws(DelegateFailure) {
                _ = try runner.run(type: type, call, request: network.request(for: plugin))
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    private func network(of record: AttachmentRecord) throws(CNIError) -> NetworkConfigurationList {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: record.configuration)
        } catch {
            throw CNIError(.invalidConfiguration, "the journal's configuration is not JSON: \(error)")
        }
        return try NetworkConfigurationList(
            value,
            fallbackName: record.networkName,
            fallbackVersion: CNIVersion(record.cniVersion) ?? .v0_1_0
        )
    }

    private func previousResult(of record: AttachmentRecord, _ network: NetworkConfigurationList) -> CNIResult? {
        // A result that cannot be read is none: a plugin must cope without (CNI 1.1.0, DEL).
        results.read(record, containerID: journal.containerID)?.result.flatMap {
            try? CNIResult($0, assumedVersion: network.version)
        }
    }
}
