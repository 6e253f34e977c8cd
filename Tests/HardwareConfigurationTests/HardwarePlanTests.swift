import HardwareConfiguration
import PCI
import Testing

@Suite struct HardwarePlanTests {
    private let pf: PCIAddress
    private let identity = PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10c9), classCode: 0x020000)

    init() throws { pf = try #require(PCIAddress("0000:01:00.0")) }

    /// One PF and as many VFs as it counts; `vfDriver` is what the VF at an index has.
    private func machine(
        count: Int = 0,
        isUp: Bool = true,
        mtu: Int = 1500,
        vfDriver: (Int) -> (driver: String?, override: String?) = { _ in ("igbvf", nil) }
    ) throws -> Inventory {
        let port = NetworkInterface(name: "enp1s0", hardwareAddress: "52:54:00:00:00:01", mtu: mtu, isUp: isUp)
        var functions = [
            PCIFunction(
                address: pf,
                identity: identity,
                driver: "igb",
                interfaces: [port],
                sriov: SRIOVCapability(totalVFs: 7, numVFs: count)
            )
        ]
        for index in 0..<count {
            functions.append(
                PCIFunction(
                    address: try vf(index),
                    identity: identity,
                    driver: vfDriver(index).driver,
                    driverOverride: vfDriver(index).override,
                    virtual: VirtualFunctionRole(physicalFunction: pf, index: index)
                )
            )
        }
        return Inventory(functions: functions)
    }

    private func vf(_ index: Int) throws -> PCIAddress {
        try #require(PCIAddress("0000:01:1\(index / 4).\(index % 4 * 2)"))
    }

    private func document(_ change: (inout NICDeclaration) -> Void) -> HardwareDocument {
        var match = NICMatch()
        match.devices = [PCIDeviceID(0x10c9)]
        var declaration = NICDeclaration(match: match)
        change(&declaration)
        return HardwareDocument(nics: [declaration])
    }

    @Test func `the first VFs are made after the interface is up and has its MTU`() throws {
        let plan = document {
            $0.virtualFunctions = 3
            $0.mtu = 9000
            $0.drivers = [VFDriverRange(VFIndexSet(1...2), driver: "vfio-pci")]
        }.plan(for: try machine(isUp: false))
        #expect(
            plan.steps == [
                .bringUp(pf, interface: "enp1s0"), .setMTU(pf, interface: "enp1s0", from: 1500, to: 9000),
                .createVirtualFunctions(pf, count: 3), .bindDriver(pf, index: 1, driver: "vfio-pci"),
                .bindDriver(pf, index: 2, driver: "vfio-pci"),
            ]
        )
        #expect(plan.problems.isEmpty)
    }

    @Test func `another count passes through none`() throws {
        #expect(
            document { $0.virtualFunctions = 5 }.plan(for: try machine(count: 2)).steps == [
                .removeVirtualFunctions(pf, count: 2), .createVirtualFunctions(pf, count: 5),
            ]
        )
    }

    @Test func `a count of none removes and does not bring the interface up`() throws {
        #expect(
            document { $0.virtualFunctions = 0 }.plan(for: try machine(count: 2, isUp: false)).steps == [
                .removeVirtualFunctions(pf, count: 2)
            ]
        )
    }

    @Test func `a machine that is as declared needs no step`() throws {
        let declared = document {
            $0.virtualFunctions = 3
            $0.mtu = 1500
            $0.drivers = [
                VFDriverRange(VFIndexSet(0...0), driver: "vfio-pci"), VFDriverRange(VFIndexSet(1...1), driver: "igbvf"),
            ]
        }
        let inventory = try machine(count: 3) { $0 == 0 ? ("vfio-pci", "vfio-pci") : ("igbvf", nil) }
        let plan = declared.plan(for: inventory)
        #expect(plan.steps.isEmpty)
        #expect(plan.functions.map(\.address) == [pf])
    }

    @Test func `only VFs with another driver are bound anew, and those in no range go back to the kernel's choice`()
        throws
    {
        let declared = document {
            $0.virtualFunctions = 4
            $0.drivers = [VFDriverRange(VFIndexSet(0...1), driver: "vfio-pci")]
        }
        let inventory = try machine(count: 4) { index in
            switch index {
            case 0: ("vfio-pci", "vfio-pci")
            case 1: (nil, nil)
            case 2: ("vfio-pci", "vfio-pci")
            default: ("vfio-pci", nil)
            }
        }
        #expect(
            declared.plan(for: inventory).steps == [
                .bindDriver(pf, index: 1, driver: "vfio-pci"), .restoreDriver(pf, index: 2, from: "vfio-pci"),
            ]
        )
    }

    @Test func `a document that does not count VFs leaves them and their drivers alone`() throws {
        let inventory = try machine(count: 2) { _ in ("vfio-pci", "vfio-pci") }
        #expect(
            document { $0.mtu = 1400 }.plan(for: inventory).steps == [
                .setMTU(pf, interface: "enp1s0", from: 1500, to: 1400)
            ]
        )
    }

    @Test func `VFs in use are not removed, and all who hold them are named`() throws {
        let inUse = [
            try vf(1): "pod default/samplepod holds it as net1",
            try vf(2): "process 4711 (dpdk) has its vfio group open",
        ]
        let plan = document { $0.virtualFunctions = 2 }.plan(for: try machine(count: 3), inUse: inUse)
        #expect(plan.steps.isEmpty)
        #expect(
            plan.problems.map(\.description) == [
                """
                nics[0].virtualFunctions: 0000:01:00.0 must not be changed while its virtual functions are in use:
                  VF 1 (0000:01:10.2): pod default/samplepod holds it as net1
                  VF 2 (0000:01:10.4): process 4711 (dpdk) has its vfio group open
                """
            ]
        )
    }

    @Test func `a VF in use may stay while others are bound, and is not bound anew itself`() throws {
        let declared = document {
            $0.virtualFunctions = 3
            $0.drivers = [VFDriverRange(VFIndexSet(0...0), driver: "vfio-pci")]
        }
        let inventory = try machine(count: 3)
        #expect(declared.plan(for: inventory, inUse: [try vf(1): "pod"]).steps.count == 1)
        let refused = declared.plan(for: inventory, inUse: [try vf(0): "pod"])
        #expect(refused.steps.isEmpty)
        #expect(refused.problems.map(\.path) == ["nics[0].drivers"])
    }

    @Test func `more VFs than the device can have is a problem`() throws {
        let plan = document { $0.virtualFunctions = 8 }.plan(for: try machine())
        #expect(plan.problems.map(\.reason) == [.tooManyVirtualFunctions(wanted: 8, limit: 7)])
        #expect(plan.steps.isEmpty)
    }

    @Test func `a PF matched twice is a problem, and other PFs keep their steps`() throws {
        var inventory = try machine()
        let other = try #require(PCIAddress("0000:02:00.0"))
        inventory = Inventory(
            functions: inventory.functions + [
                PCIFunction(address: other, identity: identity, sriov: SRIOVCapability(totalVFs: 7, numVFs: 0))
            ]
        )
        var declared = document { $0.virtualFunctions = 1 }
        var match = NICMatch()
        match.addresses = [pf]
        declared.nics.append(NICDeclaration(match: match, virtualFunctions: 2))
        let plan = declared.plan(for: inventory)
        #expect(plan.problems.map(\.reason) == [.declaredTwice(alsoBy: "nics[1]")])
        #expect(plan.steps == [.createVirtualFunctions(other, count: 1)])
    }

    @Test func `a NIC without SR-IOV is passed over when matched by kind and a problem when named`() throws {
        let plain = PCIFunction(address: pf, identity: identity)
        let capableAddress = try #require(PCIAddress("0000:02:00.0"))
        let capable = PCIFunction(
            address: capableAddress,
            identity: identity,
            sriov: SRIOVCapability(totalVFs: 7, numVFs: 0)
        )
        let byKind = document { $0.virtualFunctions = 1 }
        #expect(byKind.plan(for: Inventory(functions: [plain, capable])).problems.isEmpty)
        #expect(byKind.plan(for: Inventory(functions: [plain])).problems.map(\.reason) == [.cannotMakeVirtualFunctions])
        let named = document {
            $0.virtualFunctions = 1
            $0.match.addresses = [pf]
        }
        let plan = named.plan(for: Inventory(functions: [plain, capable]))
        #expect(plan.problems.map(\.reason) == [.cannotMakeVirtualFunctions])
    }

    @Test func `a declaration that matches nothing here is told, not refused`() throws {
        let plan = document { $0.match.devices = [PCIDeviceID(0x1572)] }.plan(for: try machine())
        #expect(plan.unmatched == ["nics[0]"])
        #expect(plan.problems.isEmpty)
    }

    @Test func `virtual functions are never matched themselves`() throws {
        let inventory = try machine(count: 3)
        #expect(document { $0.mtu = 1500 }.plan(for: inventory).functions.map(\.address) == [pf])
    }

    @Test func `an MTU needs an interface`() throws {
        var inventory = try machine()
        inventory.functions[0].interfaces = []
        #expect(document { $0.mtu = 1500 }.plan(for: inventory).problems.map(\.reason) == [.noInterface])
    }
}
