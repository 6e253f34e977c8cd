package import AttachmentStore
package import DevicePlugin
import KubeletAPI
package import Logging
import NIOPosix
package import NodeProtocol
package import NodeSurvey
import PCI
package import ResourcePools
import Synchronization

/// Keeps what kubelet is told in step with the machine, and has abandoned functions returned.
///
/// It looks every few seconds; events of the kernel will make it look sooner.
package actor PoolKeeper {
    private let pools: PoolList
    private let plugins: DevicePlugins
    private let finder: DeviceFinder
    private let observer: NodeObserver
    private let repair: RepairRunner
    private let devices: KnownDevices
    private let statuses: StatusKeeper
    private let state: StateDirectory
    private let logger: Logger

    private var current: [PoolAssignment] = []
    private var lastError: String?
    private var abandoned: Set<String> = []
    private var isRepairing = false
    private var repairDue = ContinuousClock.now
    private var repairPause = PoolKeeper.shortestPause

    /// Puts together what is looked at and who is told.
    package init(
        pools: PoolList,
        plugins: DevicePlugins,
        finder: DeviceFinder,
        observer: NodeObserver,
        repair: RepairRunner,
        devices: KnownDevices,
        statuses: StatusKeeper,
        state: StateDirectory,
        logger: Logger
    ) {
        self.pools = pools
        self.plugins = plugins
        self.finder = finder
        self.observer = observer
        self.repair = repair
        self.devices = devices
        self.statuses = statuses
        self.state = state
        self.logger = logger
    }

    /// Looks now and again after each `interval`, until the task is cancelled.
    package func run(every interval: Duration) async {
        while !Task.isCancelled {
            await look()
            // Cancellation ends the loop above.
            try? await Task.sleep(for: interval)
        }
    }

    /// Looks once and tells kubelet what is new.
    package func look() async {
        let view: NodeObserver.View
        let started = ContinuousClock.now
        do {
            let observer = observer
            view = try await NIOThreadPool.singleton.runIfActive { try observer.look() }
            lastError = nil
        } catch {
            if lastError != "\(error)" { logger.error("cannot look at the machine", metadata: ["reason": "\(error)"]) }
            lastError = "\(error)"
            return
        }
        let assignments = view.assign(pools).pools
        devices.learn(assignments, view)
        if assignments != current {
            report(assignments)
            current = assignments
        }
        await plugins.update(assignments)
        await statuses.follow(view.liveJournals, readAfter: started, in: state)
        startRepair(view.claims)
    }

    /// The pools for a person: kubelet's view of who has what laid over ours.
    package func status() async -> [PoolStatus] {
        let holders = await finder.holders()
        let statuses = await plugins.status()
        return current.map { assignment in
            let plugin = statuses.first { $0.resource == assignment.pool.resource }
            return PoolStatus(
                assignment,
                isRegistered: plugin?.isRegistered ?? false,
                refusal: plugin?.lastRefusal ?? "",
                holders: holders
            )
        }
    }

    private func report(_ assignments: [PoolAssignment]) {
        for assignment in assignments {
            let before = current.first { $0.pool.resource == assignment.pool.resource }
            guard before?.devices != assignment.devices else { continue }
            let ailing = assignment.devices.filter { $0.ailment != nil }
            logger.info(
                "pool",
                metadata: [
                    "resource": "\(assignment.pool.resource)", "devices": "\(assignment.devices.count)",
                    "healthy": "\(assignment.devices.count - ailing.count)",
                ]
            )
            for device in ailing where before?.devices.contains(device) != true {
                logger.warning(
                    "device unhealthy",
                    metadata: ["id": "\(device.id)", "reason": "\(device.ailment ?? "")"]
                )
            }
        }
    }

    /// Repairs what was abandoned at the last look already: the runtime's own deletion comes first.
    private func startRepair(_ claims: FunctionClaims) {
        let lasting = abandoned.intersection(claims.abandoned)
        abandoned = claims.abandoned
        guard !lasting.isEmpty, !isRepairing, ContinuousClock.now >= repairDue else { return }
        isRepairing = true
        logger.notice("repairing", metadata: ["containers": "\(lasting.sorted().joined(separator: ", "))"])
        Task {
            let isComplete = await repair.repair()
            repairPause = isComplete ? Self.shortestPause : min(repairPause * 2, .seconds(300))
            repairDue = .now + (isComplete ? .zero : repairPause)
            isRepairing = false
            await look()
        }
    }

    private static let shortestPause = Duration.seconds(5)
}

/// What is known of devices now, for those who cannot wait for a look.
package final class KnownDevices: Sendable {
    private struct Known: Sendable {
        var advertised: Set<String> = []
        var physicalFunctions: [String: String] = [:]
        var ownerUIDs: [String: String] = [:]
    }

    private let known = Mutex(Known())

    package init() {}

    /// What kubelet deals out.
    package var advertised: Set<String> { known.withLock { $0.advertised } }

    /// Which pod's record owns a device, UID by device id.
    package var ownerUIDs: [String: String] { known.withLock { $0.ownerUIDs } }

    /// The address of a virtual function's PF.
    package func physicalFunction(of id: String) -> String? { known.withLock { $0.physicalFunctions[id] } }

    func learn(_ assignments: [PoolAssignment], _ view: NodeObserver.View) {
        var now = Known()
        for device in assignments.flatMap(\.devices) { now.advertised.insert(device.id) }
        for function in view.inventory.functions {
            guard let role = function.virtual else { continue }
            now.physicalFunctions[function.address.description] = role.physicalFunction.description
        }
        now.ownerUIDs = view.claims.ownerUIDs
        known.withLock { $0 = now }
    }
}
