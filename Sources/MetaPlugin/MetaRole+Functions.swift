import Attachments
import CNI
import Delegates
import JSON
import LinuxSystem
import PCI
import SRIOVPlugin

/// The hardware functions of an operation: the machine they are on, and the locks that keep others from them.
///
/// Networks of type `sriov` are attached by this program itself and not by a child.
struct HeldFunctions {
    let host: FunctionHost
    let locks: FunctionLocks

    /// Takes the locks on functions, in address order.
    ///
    /// - Throws: ``CNIError`` code 11 if another operation still has one at the deadline.
    init(_ addresses: [PCIAddress], _ environment: [String: String], until deadline: Deadline) throws(CNIError) {
        do throws(SRIOVError) {
            self.host = try FunctionHost(environment: environment, deadline: deadline)
            let patience = min(deadline, .after(seconds: Self.lockSeconds))
            self.locks = try host.lock(addresses, until: patience)
        } catch {
            throw error.cniError
        }
    }

    private init(host: FunctionHost, locks: FunctionLocks) {
        self.host = host
        self.locks = locks
    }

    /// Holds the functions that records name; `nil` if nothing among them is ours.
    init?(
        recordedBy records: [AttachmentRecord],
        _ environment: [String: String],
        until deadline: Deadline
    ) throws(CNIError) {
        let addresses = records.flatMap(\.functions)
        guard !addresses.isEmpty || records.contains(where: \.isOurs) else { return nil }
        try self.init(addresses, environment, until: deadline)
    }

    /// The same functions with more time.
    func extended(to deadline: Deadline, _ environment: [String: String]) throws(CNIError) -> HeldFunctions {
        do throws(SRIOVError) {
            return HeldFunctions(host: try FunctionHost(environment: environment, deadline: deadline), locks: locks)
        } catch {
            throw error.cniError
        }
    }

    private static let lockSeconds: UInt64 = 30

    /// The types of network that are ours.
    static let types: Set<String> = ["sriov", "patchbay-sriov"]
}

extension AttachmentRecord {
    /// Whether a plugin of its network is ours, also if the record no longer owns a function.
    fileprivate var isOurs: Bool { !ownPlugins.isEmpty }

    /// The functions to be held for it: the one it owns, else the one its configuration names.
    fileprivate var functions: [PCIAddress] {
        if let function { return [function.address] }
        return ownPlugins.compactMap { $0["deviceID"]?.string.flatMap(PCIAddress.init) }
    }

    private var ownPlugins: [JSONValue] {
        // A configuration that cannot be read is reported where it is used.
        guard let document = try? JSONValue(parsing: configuration) else { return [] }
        let plugins = document["plugins"]?.array ?? [document]
        return plugins.filter { HeldFunctions.types.contains($0["type"]?.string ?? "") }
    }
}

extension NetworkConfigurationList {
    /// The plugin of the list that is ours; `nil` if all are programs.
    var functionPlugin: NetworkConfiguration? { plugins.first { HeldFunctions.types.contains($0.type) } }
}

extension MetaRole {
    /// Holds every function of the networks, and reads how it stands, before anything is changed.
    ///
    /// Locks are taken in address order, so that two pods never wait for one another.
    ///
    /// - Parameters:
    ///   - networks: Each that moves a function gets its record.
    ///   - journal: The claimant: container, namespace and pod.
    ///   - deadline: When everything must be done.
    /// - Returns: What must be kept until the operation ends; `nil` if no network moves a function.
    /// - Throws: ``CNIError``, with the network's place: code 11 if another lives with a function, code 7 for a function
    ///   that is not to be used.
    func holdFunctions(
        of networks: inout [NetworkToAttach],
        for journal: Journal,
        until deadline: Deadline
    ) throws(CNIError) -> HeldFunctions? {
        var claims: [(index: Int, configuration: SRIOVConfiguration)] = []
        for (index, network) in networks.enumerated() {
            guard let plugin = network.network.functionPlugin else { continue }
            let configuration = try functionConfiguration(network, plugin)
            try refuseTwice(configuration.device, network, claims.map(\.configuration.device))
            claims.append((index, configuration))
        }
        guard !claims.isEmpty else { return nil }
        let held = try HeldFunctions(claims.map(\.configuration.device), environment, until: deadline)
        for claim in claims.sorted(by: { $0.configuration.device < $1.configuration.device }) {
            let network = networks[claim.index]
            do throws(SRIOVError) {
                let record = try prepare(claim.configuration, network, journal, held.host)
                networks[claim.index].record.kind = .function(record)
            } catch {
                throw error.cniError.prefixed(network.place)
            }
        }
        return held
    }

    private func functionConfiguration(
        _ network: NetworkToAttach,
        _ plugin: NetworkConfiguration
    ) throws(CNIError) -> SRIOVConfiguration {
        do throws(CNIError) {
            guard network.network.plugins.count(where: { HeldFunctions.types.contains($0.type) }) == 1 else {
                throw CNIError(.invalidConfiguration, "a network moves one function, and this one names several")
            }
            let request = network.network.request(
                for: plugin,
                runtimeConfig: network.record.runtimeConfig ?? JSONObject()
            )
            return try SRIOVConfiguration(
                request,
                arguments: try CNIArguments(parsing: network.record.cniArguments ?? "")
            )
        } catch {
            throw error.prefixed(network.place)
        }
    }

    private func refuseTwice(
        _ device: PCIAddress,
        _ network: NetworkToAttach,
        _ others: [PCIAddress]
    ) throws(CNIError) {
        guard !others.contains(device) else {
            throw CNIError(.invalidConfiguration, "\(network.place): \(device) is given to two networks of the pod")
        }
    }

    private func prepare(
        _ configuration: SRIOVConfiguration,
        _ network: NetworkToAttach,
        _ journal: Journal,
        _ host: FunctionHost
    ) throws(SRIOVError) -> FunctionRecord {
        let claim = Owner(
            function: configuration.device,
            containerID: journal.containerID,
            interfaceName: network.record.interfaceName,
            namespace: journal.sandbox.identity,
            bootID: journal.bootID,
            podUID: journal.pod.uid,
            podLabel: journal.pod.label
        )
        _ = try host.settle(claim, pluginPath: self.configuration.searchPath(invocation))
        let record = try host.record(of: configuration.device)
        try host.learnBaseline(record)
        // Planned before anything is written, so that what cannot be asked for is refused with nothing to undo.
        _ = try AttachPlan(configuration, record: record, interfaceName: network.record.interfaceName)
        return record
    }

    /// The plugins that are ours, for an ADD of one network.
    func ownPlugins(
        _ network: NetworkToAttach,
        _ call: CNIInvocation,
        _ held: HeldFunctions?
    ) -> [String: OwnPlugin] {
        guard let held, let function = network.record.function else { return [:] }
        let attach: OwnPlugin = { (_, request) throws(CNIError) in
            let configuration = try SRIOVConfiguration(request, arguments: call.arguments)
            do throws(SRIOVError) {
                let sandbox = try SandboxNetwork(call.networkNamespace ?? "")
                return try held.host.add(configuration, function, in: sandbox, call, request: request)
            } catch {
                throw error.cniError
            }
        }
        return Dictionary(uniqueKeysWithValues: HeldFunctions.types.map { ($0, attach) })
    }
}
