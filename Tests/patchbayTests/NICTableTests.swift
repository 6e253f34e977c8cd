import PCI
import Testing

@testable import patchbay

@Suite struct NICTableTests {
    private let pf: PCIAddress

    init() throws { pf = try #require(PCIAddress("0000:01:00.0")) }

    private func vf(_ index: Int, driver: String?, isHome: Bool = true) throws -> PCIFunction {
        PCIFunction(
            address: try #require(PCIAddress("0000:01:1\(index / 4).\(index % 4 * 2)")),
            identity: PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10ca), classCode: 0x020000),
            vendorName: "Intel Corporation",
            deviceName: "82576 Virtual Function",
            driver: driver,
            interfaces: isHome
                ? [NetworkInterface(name: "eth\(index)", hardwareAddress: "52:54:00:00:00:0\(index)", mtu: 1500)] : [],
            virtual: VirtualFunctionRole(physicalFunction: pf, index: index)
        )
    }

    private func machine(_ virtual: [PCIFunction]) -> Inventory {
        let port = NetworkInterface(
            name: "enp1s0",
            hardwareAddress: "52:54:00:00:00:01",
            mtu: 9000,
            isUp: true,
            hasCarrier: false
        )
        let physical = PCIFunction(
            address: pf,
            identity: PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10c9), classCode: 0x020000),
            driver: "igb",
            numaNode: 1,
            interfaces: [port],
            sriov: SRIOVCapability(totalVFs: 7, numVFs: virtual.count)
        )
        return Inventory(functions: [physical] + virtual)
    }

    @Test func `VFs that are alike share a line, the others are told apart`() throws {
        let inventory = machine([
            try vf(0, driver: "igbvf"), try vf(1, driver: "igbvf", isHome: false), try vf(2, driver: "igbvf"),
            try vf(3, driver: "vfio-pci", isHome: false), try vf(4, driver: nil, isHome: false),
        ])
        #expect(
            NICTable(inventory: inventory).table().lines(limit: nil) == [
                "ADDRESS       NAME              DRIVER    LINK         MTU  VFS  NUMA  DEVICE",
                "0000:01:00.0  enp1s0            igb       no carrier  9000  5/7     1  8086:10c9",
                "  VF 0,2      2 interfaces      igbvf                                  8086:10ca Intel 82576 Virtual Function",
                "  VF 1        in another netns  igbvf                                  8086:10ca Intel 82576 Virtual Function",
                "  VF 3        -                 vfio-pci                               8086:10ca Intel 82576 Virtual Function",
                "  VF 4        -                 -                                      8086:10ca Intel 82576 Virtual Function",
            ]
        )
    }

    @Test func `each VF has a line when asked for`() throws {
        let inventory = machine([try vf(0, driver: "igbvf"), try vf(1, driver: "igbvf", isHome: false)])
        #expect(
            NICTable(inventory: inventory, showsEach: true).table().lines(limit: nil).dropFirst(2) == [
                "  0000:01:10.0  eth0              igbvf   down        1500  VF 0        8086:10ca Intel 82576 Virtual Function",
                "  0000:01:10.2  in another netns  igbvf                     VF 1        8086:10ca Intel 82576 Virtual Function",
            ]
        )
    }

    @Test func `only the functions asked for are shown`() throws {
        #expect(NICTable(inventory: machine([])).table(of: []).isEmpty)
    }
}
