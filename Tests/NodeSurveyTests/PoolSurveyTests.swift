import Addresses
import AttachmentStore
import Attachments
import JSON
import KubeletAPI
import LinuxSystem
import PCI
import ResourcePools
import Scratch
import Testing

@testable import NodeSurvey

@Suite struct PoolSurveyTests {
    private let pf = PCIAddress("0000:01:00.0")
    private let vf = PCIAddress("0000:01:10.0")

    private func machine(vfInterface: String?, driver: String = "igbvf") throws -> Inventory {
        let pf = try #require(pf)
        let vf = try #require(vf)
        let identity = PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10c9), classCode: 0x020000)
        let interface = { (name: String) in
            NetworkInterface(name: name, hardwareAddress: "02:00:00:00:00:01", mtu: 1500)
        }
        return Inventory(functions: [
            PCIFunction(
                address: pf,
                identity: identity,
                driver: "igb",
                interfaces: [interface("enp1s0f0")],
                sriov: SRIOVCapability(totalVFs: 7, numVFs: 1)
            ),
            PCIFunction(
                address: vf,
                identity: identity,
                driver: driver,
                interfaces: vfInterface.map { [interface($0)] } ?? [],
                virtual: VirtualFunctionRole(physicalFunction: pf, index: 0)
            ),
        ])
    }

    private func claims(isLive: Bool) throws -> FunctionClaims {
        let vf = try #require(vf)
        let mac = try #require(MACAddress("02:00:00:00:00:01"))
        let record = FunctionRecord(
            address: vf,
            physicalFunction: pf,
            virtualFunctionIndex: 0,
            driver: FunctionDriver(rawValue: "igbvf"),
            originals: FunctionState(interface: FunctionInterface(name: "enp1s0f0v0", mac: mac, mtu: 1500))
        )
        let owner = Owner(
            function: vf,
            containerID: "c1",
            interfaceName: "net1",
            namespace: NamespaceIdentity(device: 4, inode: 1),
            bootID: "b",
            podUID: "u",
            podLabel: "default/p"
        )
        return FunctionClaims(claims: [FunctionClaims.Claim(owner: owner, record: record, isLive: isLive)])
    }

    /// A pool that looks at names of interfaces, as a person writes it.
    private func pools() throws -> PoolList {
        let read = PoolList.read(
            [
                [
                    "resourcePrefix": "x.io", "resourceName": "vf",
                    "selectors": ["pfNames": ["enp1s0f0"], "linkTypes": ["ether"]],
                ]
            ],
            at: "pools"
        )
        #expect(read.problems == [])
        return read.list
    }

    @Test func `a function at home is healthy`() throws {
        let pools = PoolSurvey.assign(try pools(), inventory: try machine(vfInterface: "v"), claims: FunctionClaims())
        #expect(pools.pools[0].devices.map(\.id) == ["0000:01:10.0"])
        #expect(pools.pools[0].devices[0].ailment == nil)
    }

    @Test func `a function in a pod stays in its pool and healthy`() throws {
        let pools = PoolSurvey.assign(
            try pools(),
            inventory: try machine(vfInterface: nil),
            claims: try claims(isLive: true)
        )
        #expect(pools.pools[0].devices.map(\.id) == ["0000:01:10.0"])
        #expect(pools.pools[0].devices[0].ailment == nil)
    }

    // Also once the kernel has put the interface back: its settings are the last pod's.
    @Test(arguments: [nil, "net1"]) func `a function whose pod is gone awaits its return`(interface: String?) throws {
        let pools = PoolSurvey.assign(
            try pools(),
            inventory: try machine(vfInterface: interface),
            claims: try claims(isLive: false)
        )
        #expect(pools.pools[0].devices[0].ailment == "awaiting return: pod default/p is gone and has not given it back")
    }

    @Test func `a function that is away without a record is not given out`() throws {
        let list = PoolList.read(
            [["resourceName": "vf", "selectors": ["drivers": ["igbvf", "vfio-pci"]]]],
            at: "pools"
        ).list
        let away = PoolSurvey.assign(list, inventory: try machine(vfInterface: nil), claims: FunctionClaims())
        #expect(away.pools[0].devices[0].ailment?.contains("no journal names") == true)
        let userspace = PoolSurvey.assign(
            list,
            inventory: try machine(vfInterface: nil, driver: "vfio-pci"),
            claims: FunctionClaims()
        )
        #expect(userspace.pools[0].devices[0].ailment == nil)
    }
}
