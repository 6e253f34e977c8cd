import KubeletAPI
import LinuxSystem
package import Logging
package import ResourcePools

/// Advertises pools of devices to the kubelet, one device plugin a pool, and keeps them advertised.
package actor DevicePlugins {
    /// Where the kubelet is, and who may be it.
    package struct Configuration: Sendable {
        /// Holds `kubelet.sock` and gets our sockets; it does not follow the kubelet's root directory.
        package var directory = DevicePluginV1Beta1.directory
        /// Whose processes may call; the kubelet is root's.
        package var allowedUserIDs: Set<UInt32> = [0]

        package init() {}
    }

    private let directory: KubeletDirectory
    private let names = SocketNames()
    private let configuration: Configuration
    private let logger: Logger
    private var plugins: [ResourcePlugin] = []
    private var updates = 0
    private var kubeletSocket: FileStamp?
    private var isWithdrawn = false

    /// Does nothing yet.
    package init(_ configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        self.directory = KubeletDirectory(path: configuration.directory, logger: logger)
    }

    /// Makes the pools and their devices known: new pools are registered, changed ones tell the kubelet their new list, and
    /// those that are not among `assignments` any more are withdrawn.
    package func update(_ assignments: [PoolAssignment]) async {
        guard !isWithdrawn else { return }
        // All of this before the first suspension, so that two updates at a time do not tear the list.
        updates += 1
        let revision = updates
        let before = plugins
        plugins = assignments.map { assignment in
            before.first { $0.resource == assignment.pool.resource } ?? plugin(for: assignment)
        }
        let now = plugins
        for (plugin, assignment) in zip(now, assignments) {
            await plugin.update(assignment, revision: revision)
            await plugin.start()
        }
        for plugin in before where !now.contains(where: { $0 === plugin }) { await plugin.withdraw() }
    }

    private func plugin(for assignment: PoolAssignment) -> ResourcePlugin {
        ResourcePlugin(
            assignment,
            in: directory,
            names: names,
            allowedUserIDs: configuration.allowedUserIDs,
            logger: logger
        )
    }

    /// Watches for the kubelet's comings and goings until the task is cancelled; without it nothing heals.
    package func run() async {
        directory.removeAbandonedSockets()
        await directory.watch { await self.look() }
    }

    /// Takes all devices back from the kubelet and removes the sockets; nothing can be advertised after that.
    ///
    /// Containers keep what they have. When this returns, the kubelet was told, if it listened.
    package func withdraw() async {
        isWithdrawn = true
        let all = plugins
        plugins = []
        await withTaskGroup { group in
            for plugin in all { group.addTask { await plugin.withdraw() } }
        }
    }

    /// How each pool stands with the kubelet, in the order of the last update.
    package func status() async -> [ResourcePluginStatus] {
        var statuses: [ResourcePluginStatus] = []
        for plugin in plugins { statuses.append(await plugin.status()) }
        return statuses
    }

    private func look() async {
        // A socket that cannot be looked at is one that cannot be used.
        let socket = try? FileStamp(of: directory.kubeletSocket)
        let isNew = socket != nil && socket != kubeletSocket
        kubeletSocket = socket
        for plugin in plugins { await plugin.look(at: socket, isNew: isNew) }
    }
}
