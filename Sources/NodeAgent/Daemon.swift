package import AttachmentStore
import DevicePlugin
import GRPCTransport
import KubeletAPI
import KubernetesAPI
package import LinuxSystem
package import Logging
package import NodeProtocol
import NodeSurvey
package import ResourcePools

/// Where the daemon finds and leaves things; the defaults are a Kubernetes node's.
package struct DaemonConfiguration: Sendable {
    /// What to advertise.
    package var pools = PoolList()
    /// The directory of manifests; `nil` if pods and networks are not to be had.
    package var manifests: String?
    /// Where kubelet has its socket for device plugins.
    package var devicePluginDirectory = DevicePluginV1Beta1.directory
    package var podResourcesSocket = PodResourcesV1.socketPath
    package var state = StateDirectory()
    /// Where the CNI program and the command line ask.
    package var socketPath = NodeWire.socketPath
    package var sysfs = "/sys"
    package var procfs = "/proc"
    /// The CNI program, for repairs.
    package var cniProgram = "/opt/cni/bin/patchbay"
    /// The directories of delegates, for repairs (`CNI_PATH`).
    package var pluginPath = "/opt/cni/bin:/usr/lib/cni"
    package var policy = SelectionPolicy()
    /// How long a plan waits for what is not known yet.
    package var patience = Duration.seconds(5)
    /// How often the machine is looked at.
    package var interval = Duration.seconds(3)
    /// Whose processes may ask, and be kubelet; root's only, unless said otherwise.
    package var allowedUserIDs: Set<UInt32> = [0]

    package init() {}
}

/// The daemon: pools for kubelet, plans for the CNI program, the pods' network status.
package struct Daemon: Sendable {
    private let configuration: DaemonConfiguration
    private let source: any ClusterSource
    private let manifests: ManifestDirectory?
    private let plugins: DevicePlugins
    private let keeper: PoolKeeper
    private let statuses: StatusKeeper
    private let plans: PlanService
    private let logger: Logger

    /// Puts the parts together; nothing happens yet.
    ///
    /// - Throws: ``SystemError`` if the boot cannot be told or the state directory not be made.
    package init(_ configuration: DaemonConfiguration, logger: Logger) throws(SystemError) {
        let devices = KnownDevices()
        let state = configuration.state
        try state.create()
        self.configuration = configuration
        self.logger = logger
        self.manifests = configuration.manifests.map {
            ManifestDirectory(path: $0, statusDirectory: "\(state.path)/status", logger: logger)
        }
        self.source = manifests ?? NoSource()
        var pluginConfiguration = DevicePlugins.Configuration()
        pluginConfiguration.directory = configuration.devicePluginDirectory
        pluginConfiguration.allowedUserIDs = configuration.allowedUserIDs
        self.plugins = DevicePlugins(pluginConfiguration, logger: logger)
        let kubelet = PodResourcesClient(socketPath: configuration.podResourcesSocket)
        let finder = DeviceFinder(
            listing: { try await kubelet.list(until: .now + .seconds(2)) },
            owners: { devices.ownerUIDs },
            checkpointPath: "\(configuration.devicePluginDirectory)/\(KubeletCheckpoint.fileName)"
        )
        self.statuses = StatusKeeper(
            source: source,
            directory: "\(state.path)/reports",
            physicalFunction: { devices.physicalFunction(of: $0) },
            logger: logger
        )
        self.keeper = PoolKeeper(
            pools: configuration.pools,
            plugins: plugins,
            finder: finder,
            observer: NodeObserver(
                sysfs: configuration.sysfs,
                procfs: configuration.procfs,
                state: state,
                bootID: try Boot.id()
            ),
            repair: RepairRunner(
                program: configuration.cniProgram,
                pluginPath: configuration.pluginPath,
                state: state,
                logger: logger
            ),
            devices: devices,
            statuses: statuses,
            state: state,
            logger: logger
        )
        self.plans = PlanService(
            source: source,
            devices: finder,
            policy: configuration.policy,
            patience: configuration.patience,
            advertisedDevices: { devices.advertised }
        )
    }

    /// Serves until `stop` has an element or ends, then takes the devices back from kubelet and closes the socket.
    ///
    /// Nothing of the host's configuration is touched on the way out: pods keep what they have.
    ///
    /// - Throws: ``TransportError`` or ``SystemError`` if the socket cannot be set up.
    package func run(until stop: AsyncStream<Void>) async throws {
        await statuses.load()
        if let directory = Self.parent(of: configuration.socketPath) { try Directory.create(directory) }
        var serverConfiguration = NodeServer.Configuration(socketPath: configuration.socketPath)
        serverConfiguration.allowedUserIDs = configuration.allowedUserIDs
        let server = try await NodeServer.start(serverConfiguration, logger: logger) { await answer($0) }
        logger.notice(
            "serving",
            metadata: ["release": "\(NodeWire.release)", "socket": "\(configuration.socketPath)"]
        )
        await withTaskGroup { group in
            if let manifests { group.addTask { await manifests.watch(every: configuration.interval) } }
            group.addTask { await statuses.keepPublishing() }
            group.addTask { await plugins.run() }
            group.addTask { await keeper.run(every: configuration.interval) }
            for await _ in stop { break }
            logger.notice("withdrawing devices; pods keep what they have")
            group.cancelAll()
        }
        await plugins.withdraw()
        await server.shutDown()
    }

    /// Answers one request of the CNI program or the command line.
    package func answer(_ request: NodeRequest) async -> NodeAnswer {
        do throws(NodeFailure) {
            switch request {
            case .plan(let request):
                let plan = try await plans.plan(request)
                logger.info(
                    "planned",
                    metadata: [
                        "pod": "\(request.pod)", "container": "\(request.containerID.prefix(13))",
                        "attachments": "\(plan.attachments.map(\.id).joined(separator: ", "))",
                    ]
                )
                return .plan(plan)
            case .report(let report): return .reported(isPublished: try await statuses.take(report))
            case .pools: return .pools(await keeper.status())
            case .attachments: return .attachments(await statuses.reports)
            case .unknown(let name):
                throw NodeFailure(
                    code: NodeFailure.badRequest,
                    message: "patchbayd \(NodeWire.release) knows no request \"\(name)\""
                )
            }
        } catch {
            logger.warning("request failed", metadata: ["request": "\(request.name)", "reason": "\(error)"])
            return .failure(error)
        }
    }

    private static func parent(of path: String) -> String? {
        path.lastIndex(of: "/").map { String(path[..<$0]) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// For a daemon that was given no source: no pod and no network is known.
private struct NoSource: ClusterSource {
    func pod(namespace: String, name: String) -> ObservedPod? { nil }

    func network(namespace: String, name: String) -> NetworkAttachmentDefinition? { nil }

    func refresh() {}

    func publish(networkStatus: String?, of pod: PodReference) {}
}
