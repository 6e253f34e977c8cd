import AttachmentStore
import Attachments
import LinuxSystem
import PCI
import SRIOVPlugin
import Scratch
import Testing

/// Of functions that are not in the machine any more, which count as returned.
@Suite struct ReconcileTests {
    private let directory: TemporaryDirectory
    private let host: FunctionHost

    init() throws {
        directory = try TemporaryDirectory()
        host = try FunctionHost(
            environment: [
                "PATCHBAY_STATE_DIRECTORY": directory("state"), "PATCHBAY_INCUMBENT_DIRECTORY": directory("sriov"),
            ],
            sysfs: directory("sys"),
            deadline: .after(seconds: 10)
        )
    }

    /// A journal whose namespace is gone, with a function that `call` attached.
    private func write(call: String?) throws {
        let address = try #require(PCIAddress("0000:01:10.0"))
        let function = FunctionRecord(
            address: address,
            physicalFunction: nil,
            virtualFunctionIndex: nil,
            driver: nil,
            originals: FunctionState()
        )
        let journal = Journal(
            containerID: "c1",
            sandbox: Sandbox(path: directory("gone"), identity: NamespaceIdentity(device: 4, inode: 1)),
            bootID: host.bootID,
            release: "0.1.0",
            attachments: [
                AttachmentRecord(
                    id: 0,
                    network: "default/vf",
                    networkName: "vf",
                    interfaceName: "net1",
                    cniVersion: "1.0.0",
                    configuration: #"{"name":"vf","plugins":[{"type":"sriov"},{"type":"tuning"}]}"#,
                    call: call,
                    kind: .function(function)
                )
            ]
        )
        try host.state.write(journal)
    }

    // The other plugins of a network that moves a function got no DEL from here.
    @Test func `the other plugins of a network are told once its function is returned`() throws {
        try write(call: "eth0")
        var told: [AttachmentRecord] = []
        let outcomes = try host.reconcile(pluginPath: []) { record, _ in
            told.append(record)
            return []
        }
        #expect(outcomes.map(\.undone) == [["net1"]])
        #expect(told.map(\.interfaceName) == ["net1"])
        #expect(told.map(\.kind) == [.delegate])
        #expect(try host.state.entries().isEmpty)
    }

    @Test func `a plugin that fails does not keep the function, and stays to be told again`() throws {
        try write(call: "eth0")
        let outcomes = try host.reconcile(pluginPath: []) { _, _ in ["no such plugin"] }
        #expect(outcomes.map(\.failures) == [["net1: no such plugin"]])
        let left = try #require(try host.state.journal(containerID: "c1"))
        #expect(left.attachments.map(\.kind) == [.delegate])
        #expect(try host.reconcile(pluginPath: []) { _, _ in [] }.map(\.undone) == [["net1"]])
        #expect(try host.state.entries().isEmpty)
    }

    @Test func `of the sriov plugin's own attachment nobody else is told`() throws {
        try write(call: nil)
        let outcomes = try host.reconcile(pluginPath: []) { _, _ in ["was asked"] }
        #expect(outcomes.map(\.undone) == [["net1"]])
    }
}
