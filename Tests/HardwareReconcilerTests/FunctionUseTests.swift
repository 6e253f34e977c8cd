import AttachmentStore
import Attachments
import FakeSysfs
import Foundation
import HardwareReconciler
import PCI
import PCIInventory
import Testing

@Suite struct FunctionUseTests {
    private let tree: FakeSysfs
    private let processes: String
    private let state: StateDirectory

    init() throws {
        tree = try FakeSysfs()
        state = StateDirectory(tree.root + "/state")
        processes = tree.root + "/proc"
        try tree.add("0000:01:00.0", FakeSysfs.Function { $0.totalVFs = 7 })
        try FileManager.default.createDirectory(atPath: processes, withIntermediateDirectories: true)
    }

    /// Adds the VF `index`, bound to `driver`, with an interface if it has a name.
    private func add(_ index: Int, driver: String?, interface: String? = nil, group: Int? = nil) throws {
        let function = FakeSysfs.Function {
            $0.driver = driver
            $0.iommuGroup = group
            $0.interface = interface.map { FakeSysfs.Interface($0) }
        }
        try tree.addVirtual(FakeKernel.address(index, of: "0000:01:00.0"), of: "0000:01:00.0", index: index, function)
    }

    private func holders() throws -> [String: String] {
        let inventory = try InventoryReader(sysfs: tree.root).read()
        let use = try FunctionUse(sysfs: tree.root, processes: processes, state: state, bootID: "this-boot")
        let holders = try use.holders(in: inventory)
        return Dictionary(uniqueKeysWithValues: holders.map { ($0.key.description, $0.value) })
    }

    /// A process `number` that has `node` open.
    private func addProcess(_ number: Int, named name: String, node: String) throws {
        let directory = "\(processes)/\(number)"
        try FileManager.default.createDirectory(atPath: "\(directory)/fd", withIntermediateDirectories: true)
        try Data("\(name)\n".utf8).write(to: URL(fileURLWithPath: "\(directory)/comm"))
        try FileManager.default.createSymbolicLink(atPath: "\(directory)/fd/7", withDestinationPath: node)
    }

    @Test func `a VF with driver and without interface is in another namespace`() throws {
        try add(0, driver: "igbvf", interface: "enp1s0v0")
        try add(1, driver: "igbvf")
        try add(2, driver: nil)
        try add(3, driver: "vfio-pci", group: 23)
        let held = try holders()
        #expect(held.keys.sorted() == ["0000:01:10.2"])
        #expect(held["0000:01:10.2"]?.contains("another network namespace") == true)
    }

    @Test func `a vfio group that a process has open is in use`() throws {
        try add(0, driver: "vfio-pci", group: 23)
        try add(1, driver: "vfio-pci", group: 24)
        try addProcess(4711, named: "dpdk-testpmd", node: "/dev/vfio/24")
        try addProcess(4712, named: "other", node: "/dev/null")
        #expect(try holders() == ["0000:01:10.2": "process 4711 (dpdk-testpmd) has /dev/vfio/24 open"])
    }

    @Test func `an interface that belongs to a bridge is in use`() throws {
        try add(0, driver: "igbvf", interface: "enp1s0v0")
        try FileManager.default.createSymbolicLink(
            atPath: "\(tree.root)/class/net/enp1s0v0/master",
            withDestinationPath: "../../virtual/net/br0"
        )
        #expect(try holders() == ["0000:01:10.0": "its interface enp1s0v0 belongs to br0"])
    }

    @Test func `a VF that a journal of this boot names is in use, one of another boot's is not`() throws {
        try add(0, driver: "igbvf", interface: "enp1s0v0")
        try add(1, driver: "igbvf", interface: "enp1s0v1")
        try state.create()
        try state.write(try journal(of: 0, container: "a", bootID: "this-boot"), isDurable: false)
        try state.write(try journal(of: 1, container: "b", bootID: "an-earlier-boot"), isDurable: false)
        #expect(try holders() == ["0000:01:10.0": "pod default/samplepod holds it as net1"])
    }

    private func journal(of index: Int, container: String, bootID: String) throws -> Journal {
        let function = FunctionRecord(
            address: try #require(PCIAddress(FakeKernel.address(index, of: "0000:01:00.0"))),
            physicalFunction: PCIAddress("0000:01:00.0"),
            virtualFunctionIndex: index,
            driver: nil,
            originals: FunctionState()
        )
        let attachment = AttachmentRecord(
            id: 1,
            network: "default/lab",
            networkName: "lab",
            interfaceName: "net1",
            cniVersion: "1.0.0",
            configuration: "{}",
            kind: .function(function)
        )
        return Journal(
            containerID: container,
            sandbox: Sandbox(path: "/run/netns/a", identity: NamespaceIdentity(device: 4, inode: 1)),
            bootID: bootID,
            pod: PodIdentity(namespace: "default", name: "samplepod", uid: "u"),
            release: "test",
            attachments: [attachment]
        )
    }

    @Test func `without process files nobody is seen, and nothing fails`() throws {
        try add(0, driver: "vfio-pci", group: 23)
        let inventory = try InventoryReader(sysfs: tree.root).read()
        let use = try FunctionUse(sysfs: tree.root, processes: tree.root + "/nowhere", state: state, bootID: "b")
        #expect(try use.holders(in: inventory).isEmpty)
    }
}
