import ArgumentParser
import AttachmentStore
@preconcurrency import Dispatch
import Glibc
import LinuxSystem
import Logging
import NodeAgent
import NodeProtocol
import YAMLDocuments

@main
struct PatchbaydCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patchbayd",
        abstract: "Advertises a node's hardware functions to kubelet and plans the attachments of its pods.",
        discussion: """
            On SIGTERM it takes its devices back from kubelet and ends; pods and the host's configuration stay as they \
            are.
            """,
        version: NodeWire.release
    )

    @Option(
        help: ArgumentHelp(
            "What to advertise: a file of hwconfig/, or the config.json of sriov-network-device-plugin.",
            valueName: "file"
        )
    )
    var config: String?

    @Option(help: ArgumentHelp("Pods and networks as YAML or JSON, read anew when they change.", valueName: "dir"))
    var manifests: String?

    @Option(help: ArgumentHelp("Kubelet's directory.", valueName: "dir"))
    var kubeletDir = "/var/lib/kubelet"

    @Option(help: ArgumentHelp("Kubelet's pod-resources; else below its directory.", valueName: "socket"))
    var podResources: String?

    @Option(help: ArgumentHelp("Where journals, reports and statuses are kept.", valueName: "dir"))
    var state = StateDirectory(environment: Environment.variables()).path

    @Option(help: ArgumentHelp("Where the CNI program and the command line ask.", valueName: "socket"))
    var socket = NodeWire.socketPath

    @Option(help: ArgumentHelp("The CNI program, which is run to return what is abandoned.", valueName: "file"))
    var cniProgram = "/opt/cni/bin/patchbay"

    @Option(help: ArgumentHelp("The directories of CNI plugins, separated by colons.", valueName: "dirs"))
    var cniPath = "/opt/cni/bin:/usr/lib/cni"

    @Flag(help: "Let pods use networks of their own namespace and of --global-namespaces only.")
    var namespaceIsolation = false

    @Option(help: ArgumentHelp("Whose networks everybody may use, separated by commas.", valueName: "names"))
    var globalNamespaces = "default"

    @Option(help: ArgumentHelp("Seconds between two looks at the machine.", valueName: "seconds"))
    var interval = 3.0

    @Option(help: ArgumentHelp("Where sysfs is mounted.", valueName: "root"))
    var sysfs = "/sys"

    @Option(
        help: "trace, debug, info, notice, warning, error or critical.",
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else { throw ValidationError("no level \"\(text)\"") }
            return level
        }
    )
    var logLevel = Logger.Level.info

    func validate() throws {
        guard interval >= 0.1, interval <= 3600 else { throw ValidationError("--interval takes 0.1 to 3600 seconds") }
    }

    func run() async throws {
        // Before any thread is made, and before anything else could end the process.
        let stop = Self.untilTold()
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "patchbayd")
        logger.logLevel = logLevel
        do {
            let daemon = try Daemon(try daemonConfiguration(), logger: logger)
            try await daemon.run(until: stop)
        } catch {
            // A person reads this first, whatever the log's level and form.
            for line in "\(error)".split(separator: "\n") {
                try StandardStreams.writeError(Array("patchbayd: \(line)\n".utf8))
            }
            throw ExitCode.failure
        }
    }

    private func daemonConfiguration() throws -> DaemonConfiguration {
        var configuration = DaemonConfiguration()
        if let config { configuration.pools = try HardwareFile(config).pools }
        configuration.manifests = manifests
        configuration.devicePluginDirectory = "\(kubeletDir)/device-plugins"
        configuration.podResourcesSocket = podResources ?? "\(kubeletDir)/pod-resources/kubelet.sock"
        configuration.state = StateDirectory(state)
        configuration.socketPath = socket
        configuration.sysfs = sysfs
        configuration.cniProgram = cniProgram
        configuration.pluginPath = cniPath
        configuration.policy.isolatesNamespaces = namespaceIsolation
        configuration.policy.globalNamespaces = Set(
            globalNamespaces.split(separator: ",").map { $0.filter { $0 != " " } }
        )
        configuration.interval = .milliseconds(Int(interval * 1000))
        return configuration
    }

    /// Has an element once the process is asked to end.
    private static func untilTold() -> AsyncStream<Void> {
        AsyncStream { continuation in
            let sources = [SIGTERM, SIGINT].map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { continuation.yield() }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in sources.forEach { $0.cancel() } }
        }
    }
}
