import AttachmentStore
import Attachments
import FakeSysfs
import Glibc
import JSON
import KubeletAPI
import LinuxSystem
import Logging
import NodeProtocol
import ResourcePools
import Scratch
import Testing

@testable import NodeAgent

/// The whole daemon in directories of the test's own; kubelet is away, which must not matter to all else.
@Suite struct DaemonTests {
    private let directory: TemporaryDirectory
    private let tree: FakeSysfs
    private var configuration: DaemonConfiguration

    init() throws {
        directory = try TemporaryDirectory()
        tree = try FakeSysfs()
        try tree.add("0000:01:00.0")
        try Directory.create("\(directory.path)/manifests")
        try directory.write("manifests/pod.yaml", ManifestFolderTests.pod)
        try directory.write("manifests/network.yaml", ManifestFolderTests.network)
        configuration = DaemonConfiguration()
        configuration.pools = PoolList.read([["resourcePrefix": "x.io", "resourceName": "nic"]], at: "pools").list
        configuration.manifests = "\(directory.path)/manifests"
        configuration.devicePluginDirectory = "\(directory.path)/device-plugins"
        configuration.podResourcesSocket = "\(directory.path)/pod-resources.sock"
        configuration.state = StateDirectory("\(directory.path)/state")
        configuration.socketPath = "\(directory.path)/run/patchbayd.sock"
        configuration.sysfs = tree.root
        configuration.procfs = "\(directory.path)/proc"
        configuration.patience = .milliseconds(10)
        configuration.interval = .milliseconds(20)
        configuration.allowedUserIDs = [getuid()]
    }

    private func ask(_ request: NodeRequest) async throws -> NodeAnswer {
        let path = configuration.socketPath
        let bytes = try await blocking { try exchange(framed(request.message()), at: path) }
        var frame = MessageFrame()
        return try NodeAnswer(reading: try #require(try frame.receive(bytes)))
    }

    /// What the CNI program keeps while a container is attached; a file stands in for its namespace.
    private func keepJournal(container: String) throws {
        try directory.write(container, "")
        let path = "\(directory.path)/\(container)"
        let identity = try #require(try File.identity(path))
        try configuration.state.write(
            Journal(
                containerID: container,
                sandbox: Sandbox(
                    path: path,
                    identity: NamespaceIdentity(device: identity.device, inode: identity.inode)
                ),
                bootID: try Boot.id(),
                release: "0.1.0"
            )
        )
    }

    /// Runs a daemon while `body` asks it.
    private func running(_ body: () async throws -> Void) async throws {
        let (stop, stopper) = AsyncStream<Void>.makeStream()
        let daemon = try Daemon(configuration, logger: Logger(label: "test"))
        let run = Task { try await daemon.run(until: stop) }
        while try !File.exists(configuration.socketPath) { try await Task.sleep(for: .milliseconds(5)) }
        do { try await body() } catch { Issue.record(error) }
        stopper.finish()
        try await run.value
        #expect(try !File.exists(configuration.socketPath))
    }

    @Test func `plans, pools and reports are answered while kubelet is away`() async throws {
        try await running {
            let request = PlanRequest(
                containerID: "c1",
                networkNamespace: "/run/netns/c1",
                interfaceName: "eth0",
                pod: PodReference(namespace: "default", name: "samplepod")
            )
            guard case .plan(let plan) = try await ask(.plan(request)) else {
                Issue.record("no plan")
                return
            }
            #expect(plan.attachments.map(\.id) == ["default/macvlan@net1"])
            try keepJournal(container: "c1")
            let report = AttachmentReport(
                containerID: "c1",
                sequence: 1,
                event: .added,
                pod: PodReference(namespace: "default", name: "samplepod")
            )
            #expect(try await ask(.report(report)) == .reported(isPublished: true))
            #expect(try await ask(.attachments) == .attachments([report]))
            while case .pools(let pools) = try await ask(.pools), pools.isEmpty {}
            guard case .pools(let pools) = try await ask(.pools) else { return }
            #expect(pools.map(\.resourceName) == ["x.io/nic"])
            #expect(pools.first?.isRegistered == false)
            #expect(pools.first?.devices.map(\.id) == ["0000:01:00.0"])
        }
        #expect(try File.exists("\(directory.path)/state/status/default_samplepod.json"))
    }

    @Test func `what fails is answered with its code`() async throws {
        try await running {
            let request = PlanRequest(
                containerID: "c1",
                networkNamespace: "",
                interfaceName: "eth0",
                pod: PodReference(namespace: "default", name: "unknown")
            )
            guard case .failure(let unknown) = try await ask(.plan(request)) else {
                Issue.record("was planned")
                return
            }
            #expect(unknown.code == NodeFailure.tryAgainLater)
            guard case .failure(let odd) = try await ask(.unknown("reconcile")) else { return }
            #expect(odd.code == NodeFailure.badRequest)
        }
    }

    @Test func `what is abandoned is returned without a further event`() async throws {
        let marker = "\(directory.path)/repaired"
        let program = "\(directory.path)/patchbay-cni"
        let journal = "\(directory.path)/state/journal/c1.json"
        let script = "#!/bin/sh\nrm \(journal)\ntouch \(marker)\n"
        try File.write(Array(script.utf8), to: program, mode: 0o755, isDurable: false)
        var repairing = self
        repairing.configuration.cniProgram = program
        try repairing.configuration.state.create()
        try repairing.configuration.state.write(
            Journal(
                containerID: "c1",
                sandbox: Sandbox(path: "/nonexistent/ns", identity: NamespaceIdentity(device: 1, inode: 1)),
                bootID: "another boot",
                release: "0.1.0"
            )
        )
        try await repairing.running {
            while try !File.exists(marker) { try await Task.sleep(for: .milliseconds(5)) }
        }
    }
}
