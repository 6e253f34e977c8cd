import JSON
import PCI

@testable import ResourcePools

/// A machine with two PFs of two virtual functions each, a plain NIC, an idle PF and an accelerator.
enum Machine {
    static let inventory = Inventory(
        functions: [
            pf("0000:01:00.0", name: "netpf0", vfs: 2, numa: 0), pf("0000:01:00.1", name: "netpf1", vfs: 2, numa: 1),
            vf("0000:01:10.0", of: "0000:01:00.0", index: 0, numa: 0),
            vf("0000:01:10.2", of: "0000:01:00.0", index: 1, numa: 0),
            vf("0000:01:10.1", of: "0000:01:00.1", index: 0, numa: 1),
            vf("0000:01:10.3", of: "0000:01:00.1", index: 1, numa: 1),
            pf("0000:02:00.0", name: "idle0", vfs: 0, numa: nil),
            PCIFunction(
                address: address("0000:03:00.0"),
                identity: identity(0x1af4, 0x1000, class: 0x02_00_00),
                driver: "virtio-pci",
                interfaces: [interface("eth0")]
            ),
            PCIFunction(
                address: address("0000:04:00.0"),
                identity: identity(0x8086, 0x0d5c, class: 0x12_00_00),
                driver: "vfio-pci",
                iommuGroup: IOMMUGroup(number: 7)
            ),
        ]
    )

    static func pf(_ place: String, name: String, vfs: Int, numa: Int?) -> PCIFunction {
        PCIFunction(
            address: address(place),
            identity: identity(0x8086, 0x10c9, class: 0x02_00_00),
            driver: "igb",
            numaNode: numa,
            interfaces: [interface(name)],
            sriov: SRIOVCapability(totalVFs: 7, numVFs: vfs)
        )
    }

    static func vf(_ place: String, of pf: String, index: Int, numa: Int?) -> PCIFunction {
        PCIFunction(
            address: address(place),
            identity: identity(0x8086, 0x10ca, class: 0x02_00_00),
            driver: "igbvf",
            numaNode: numa,
            interfaces: [interface("vf\(place.suffix(4))")],
            virtual: VirtualFunctionRole(physicalFunction: address(pf), index: index)
        )
    }

    static func interface(_ name: String) -> NetworkInterface {
        NetworkInterface(name: name, hardwareAddress: "52:54:00:00:00:01", mtu: 1500)
    }

    static func identity(_ vendor: UInt16, _ device: UInt16, class code: UInt32) -> PCIIdentity {
        PCIIdentity(vendor: PCIDeviceID(vendor), device: PCIDeviceID(device), classCode: code)
    }

    static func address(_ text: String) -> PCIAddress {
        guard let address = PCIAddress(text) else { preconditionFailure("\(text) in this test is no address") }
        return address
    }

    /// The inventory with one function changed.
    static func with(_ place: String, _ change: (inout PCIFunction) -> Void) -> Inventory {
        var inventory = inventory
        for index in inventory.functions.indices where inventory.functions[index].address == address(place) {
            change(&inventory.functions[index])
        }
        return inventory
    }
}

/// The pools of an incumbent's configuration file, each element of its list written as JSON.
func pools(_ elements: String...) throws -> (list: PoolList, problems: [String]) {
    let document = try JSONValue(parsing: "{\"resourceList\": [\(elements.joined(separator: ","))]}")
    let read = PoolList.read(incumbent: document)
    return (read.list, read.problems.map(\.description))
}

/// The device ids that each pool gets on the machine.
func ids(_ elements: String..., on inventory: Inventory = Machine.inventory) throws -> [[String]] {
    let document = try JSONValue(parsing: "{\"resourceList\": [\(elements.joined(separator: ","))]}")
    let read = PoolList.read(incumbent: document)
    guard read.problems.isEmpty else { throw read.problems[0] }
    return read.list.assign(inventory).pools.map { $0.devices.map(\.id) }
}

/// A pool named `vf` with this selector.
func pool(selecting selector: String) -> String { "{\"resourceName\": \"vf\", \"selectors\": \(selector)}" }
