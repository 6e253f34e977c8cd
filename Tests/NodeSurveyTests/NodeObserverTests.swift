import AttachmentStore
import Attachments
import FakeSysfs
import PCI
import Scratch
import Testing

@testable import NodeSurvey

@Suite struct NodeObserverTests {
    private let directory: TemporaryDirectory
    private let tree: FakeSysfs
    private let observer: NodeObserver
    private let state: StateDirectory
    private let address = "0000:01:00.0"

    init() throws {
        directory = try TemporaryDirectory()
        tree = try FakeSysfs()
        state = StateDirectory("\(directory.path)/state")
        try tree.add(address)
        observer = NodeObserver(sysfs: tree.root, procfs: "\(directory.path)/proc", state: state, bootID: "boot")
    }

    @Test func `a function is seen, and a change of its driver`() throws {
        #expect(try observer.look().inventory.functions.map(\.driver) == ["igb"])
        try tree.bind(address, to: "vfio-pci")
        #expect(try observer.look().inventory.functions.map(\.driver) == ["vfio-pci"])
        try tree.remove(address)
        #expect(try observer.look().inventory.functions == [])
    }

    @Test func `what cannot be seen cheaply is seen once in a while`() throws {
        _ = try observer.look()
        try tree.write("1", toAttribute: "numa_node", of: address)
        #expect(try observer.look().inventory.functions.map(\.numaNode) == [nil])
        for _ in 0..<20 { _ = try observer.look() }
        #expect(try observer.look().inventory.functions.map(\.numaNode) == [1])
    }

    @Test func `journals that come and go are seen at the next look`() throws {
        #expect(try observer.look().claims.abandoned == [])
        let journal = Journal(
            containerID: "c1",
            sandbox: Sandbox(path: "/nonexistent/ns", identity: NamespaceIdentity(device: 1, inode: 2)),
            bootID: "boot",
            release: "0.1.0"
        )
        try state.write(journal)
        #expect(try observer.look().claims.abandoned == ["c1"])
        #expect(try observer.look().claims.abandoned == ["c1"])
        try state.removeJournal(containerID: "c1")
        #expect(try observer.look().claims.abandoned == [])
    }
}
