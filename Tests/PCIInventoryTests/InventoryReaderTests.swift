import FakeSysfs
import Foundation
import PCI
import PCIInventory
import Testing

@Suite struct InventoryReaderTests {
    let tree: FakeSysfs

    init() throws { tree = try FakeSysfs() }

    private func read() throws -> Inventory { try InventoryReader(sysfs: tree.root).read() }

    private func address(_ text: String) throws -> PCIAddress { try #require(PCIAddress(text)) }

    @Test func `a machine without a PCI bus has an empty inventory`() throws {
        #expect(try InventoryReader(sysfs: tree.root + "/nowhere").read() == Inventory())
        #expect(try read() == Inventory())
    }

    @Test func `everything the kernel shows of a PF is read`() throws {
        let port = FakeSysfs.Interface("enp1s0") {
            $0.isUp = true
            $0.carrier = true
            $0.mtu = 9000
            $0.index = 7
        }
        let pf = FakeSysfs.Function {
            $0.numaNode = 1
            $0.iommuGroup = 14
            $0.totalVFs = 7
            $0.interface = port
        }
        try tree.add("0000:01:00.0", pf)
        let expected = PCIFunction(
            address: try address("0000:01:00.0"),
            identity: PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10c9), classCode: 0x020000),
            vendorName: "Intel Corporation",
            deviceName: "82576 Gigabit Network Connection",
            driver: "igb",
            numaNode: 1,
            iommuGroup: IOMMUGroup(number: 14),
            interfaces: [
                NetworkInterface(
                    name: "enp1s0",
                    interfaceIndex: 7,
                    hardwareAddress: "52:54:00:00:00:01",
                    mtu: 9000,
                    isUp: true,
                    hasCarrier: true
                )
            ],
            sriov: SRIOVCapability(totalVFs: 7, numVFs: 0)
        )
        #expect(try read() == Inventory(functions: [expected]))
    }

    @Test func `a VF knows its PF, its index and its driver override`() throws {
        try tree.add("0000:01:00.0", FakeSysfs.Function { $0.totalVFs = 7 })
        for index in 0..<3 {
            let vf = FakeSysfs.Function {
                $0.device = 0x10ca
                $0.driver = nil
            }
            try tree.addVirtual("0000:01:10.\(index * 2)", of: "0000:01:00.0", index: index, vf)
        }
        try tree.bind("0000:01:10.4", to: "vfio-pci")
        try tree.write("vfio-pci", toAttribute: "driver_override", of: "0000:01:10.4")
        let inventory = try read()
        let pf = try address("0000:01:00.0")
        #expect(inventory[pf]?.sriov?.numVFs == 3)
        #expect(inventory.virtualFunctions(of: pf).map(\.virtual?.index) == [0, 1, 2])
        let last = try #require(inventory[address("0000:01:10.4")])
        #expect(last.driver == "vfio-pci")
        #expect(last.driverOverride == "vfio-pci")
        #expect(last.sriov == nil)
        #expect(inventory.virtualFunctions(of: pf).first?.driverOverride == nil)
    }

    @Test func `a function that vanishes between listing and reading costs only itself`() throws {
        try tree.add("0000:01:00.0")
        try tree.add("0000:02:00.0")
        try tree.add("0000:03:00.0")
        try tree.removeAttribute("vendor", of: "0000:01:00.0")
        try tree.makeDangling("0000:02:00.0")
        let inventory = try read()
        #expect(inventory.functions.map(\.address.description) == ["0000:03:00.0"])
        #expect(Set(inventory.unreadable.map(\.name)) == ["0000:01:00.0", "0000:02:00.0"])
        for function in inventory.unreadable {
            #expect(function.reason.contains("\(function.name)/vendor"))
            #expect(function.reason.contains("No such file or directory"))
        }
    }

    @Test func `a VF whose PF no longer lists it is unreadable`() throws {
        try tree.add("0000:01:00.0", FakeSysfs.Function { $0.totalVFs = 7 })
        try tree.addVirtual("0000:01:10.0", of: "0000:01:00.0", index: 0, FakeSysfs.Function())
        try tree.removeAttribute("virtfn0", of: "0000:01:00.0")
        let inventory = try read()
        #expect(inventory.functions.map(\.address.description) == ["0000:01:00.0"])
        #expect(inventory.unreadable.map(\.name) == ["0000:01:10.0"])
    }

    @Test func `only network controllers and accelerators are listed`() throws {
        try tree.add("0000:00:1f.2", FakeSysfs.Function { $0.classCode = 0x010601 })
        try tree.add("0000:01:00.0")
        try tree.add("0000:02:00.0", FakeSysfs.Function { $0.classCode = 0x120000 })
        #expect(try read().functions.map(\.address.description) == ["0000:01:00.0", "0000:02:00.0"])
    }

    @Test func `a group without an IOMMU behind it is told apart`() throws {
        try tree.add("0000:01:00.0")
        try tree.put("0000:01:00.0", inGroup: 3, named: "vfio-noiommu")
        #expect(try read().functions.first?.iommuGroup == IOMMUGroup(number: 3, isWithoutIOMMU: true))
    }

    @Test func `a device that pci ids does not list has no name, and numbers are not invented for it`() throws {
        try tree.add("0000:01:00.0", FakeSysfs.Function { $0.vendor = 0xff5a })
        let function = try #require(try read().functions.first)
        #expect(function.vendorName == nil)
        #expect(function.deviceName == nil)
    }

    @Test func `names come from the file that is given`() throws {
        try tree.add("0000:01:00.0")
        let names = tree.root + "/pci.ids"
        try Data("8086  Somebody\n\t10c9  Something\n".utf8).write(to: URL(fileURLWithPath: names))
        let function = try #require(try InventoryReader(sysfs: tree.root, names: names).read().functions.first)
        #expect(function.vendorName == "Somebody")
        #expect(function.deviceName == "Something")
    }

    @Test func `a name that is no address stops the listing with libpci's words, not the process`() throws {
        try FileManager.default.createDirectory(
            atPath: tree.root + "/bus/pci/devices/nonsense",
            withIntermediateDirectories: true
        )
        let error = #expect(throws: InventoryError.self) { try read() }
        #expect(error?.call == "scan")
        #expect(error?.reason.contains("nonsense") == true)
    }

    @Test func `an interface without carrier attribute is one that is down`() throws {
        try tree.add("0000:01:00.0", FakeSysfs.Function { $0.interface = FakeSysfs.Interface("enp1s0") })
        let interface = try #require(try read().functions.first?.interfaces.first)
        #expect(!interface.isUp)
        #expect(interface.hasCarrier == nil)
    }

    @Test func `the interface of a virtio NIC is found behind virtio's own bus`() throws {
        try tree.add("0000:00:03.0", FakeSysfs.Function { $0.driver = "virtio-pci" })
        try tree.add(FakeSysfs.Interface("eth0"), to: "0000:00:03.0", child: "virtio0")
        #expect(try read().functions.first?.interfaces.map(\.name) == ["eth0"])
    }

    @Test func `reading this machine never fails`() throws {
        _ = try InventoryReader().read()
    }
}
