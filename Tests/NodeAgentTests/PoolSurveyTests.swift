import Addresses
import AttachmentStore
import Attachments
import JSON
import KubeletAPI
import LinuxSystem
import PCI
import ResourcePools
import Testing

@testable import NodeAgent

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

@Suite struct FunctionClaimsTests {
    private let directory: TemporaryDirectory
    private let state: StateDirectory

    init() throws {
        directory = try TemporaryDirectory()
        state = StateDirectory("\(directory.path)/state")
        try state.create()
    }

    /// A journal whose "namespace" is a file of the test's.
    private func write(container: String, bootID: String = "boot", path: String, identity: FileIdentity?) throws {
        let address = try #require(PCIAddress("0000:01:10.0"))
        let journal = Journal(
            containerID: container,
            sandbox: Sandbox(
                path: path,
                identity: NamespaceIdentity(device: identity?.device ?? 0, inode: identity?.inode ?? 0)
            ),
            bootID: bootID,
            pod: PodIdentity(namespace: "default", name: "p", uid: "u-\(container)"),
            release: "0.1.0",
            attachments: [
                AttachmentRecord(
                    id: 0,
                    network: "default/vf",
                    networkName: "vf",
                    interfaceName: "net1",
                    cniVersion: "1.0.0",
                    configuration: "{}",
                    kind: .function(
                        FunctionRecord(
                            address: address,
                            physicalFunction: nil,
                            virtualFunctionIndex: nil,
                            driver: nil,
                            originals: FunctionState()
                        )
                    )
                )
            ]
        )
        try state.write(journal)
    }

    @Test func `a claim lives as long as its namespace, in its boot`() throws {
        try directory.write("ns", "")
        let path = "\(directory.path)/ns"
        let identity = try File.identity(path)
        try write(container: "c1", path: path, identity: identity)
        let live = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(live.claims.values.map(\.isLive) == [true])
        #expect(live.ownerUIDs == ["0000:01:10.0": "u-c1"])
        #expect(!live.needsRepair)
        let rebooted = try FunctionClaims(state.entries(), bootID: "other")
        #expect(rebooted.abandoned == ["c1"])
        try File.remove(path)
        let gone = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(gone.claims.values.map(\.isLive) == [false])
        #expect(gone.ownerUIDs == [:])
        #expect(gone.needsRepair)
    }

    @Test func `of two claims on a function the live one counts`() throws {
        try directory.write("ns", "")
        let path = "\(directory.path)/ns"
        try write(container: "a", path: path, identity: try File.identity(path))
        try write(container: "b", path: "\(directory.path)/gone", identity: nil)
        let claims = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(claims.claims.values.map(\.owner.containerID) == ["a"])
        #expect(claims.abandoned == ["b"])
    }

    @Test func `a damaged journal is told and not repaired blindly`() throws {
        try directory.write("state/journal/c7.json", "{")
        let claims = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(claims.damaged == ["c7"])
        #expect(!claims.needsRepair)
    }
}

@Suite struct HostNeedsTests {
    // Linux 6.12, a machine with two uplinks: /proc/net/route and /proc/net/ipv6_route.
    static let ipv4 = """
        Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
        enp1s0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
        enp1s0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
        enp2s0\t00000000\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
        """
    static let ipv6 = """
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003   enp3s0
        fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001   enp4s0
        00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
        """

    @Test func `only default routes count, and none of lo`() {
        #expect(HostNeeds.defaultRouteInterfaces(ipv4: Self.ipv4, ipv6: Self.ipv6) == ["enp1s0", "enp3s0"])
        #expect(HostNeeds.defaultRouteInterfaces(ipv4: "", ipv6: "x\ny z") == [])
    }

    @Test func `an interface with a default route and a part of a bridge are the host's`() throws {
        let directory = try TemporaryDirectory()
        for name in ["proc/net", "sys/class/net/enp9s0", "sys/class/net/br0"] {
            try Directory.create("\(directory.path)/\(name)")
        }
        try directory.write("proc/net/route", Self.ipv4)
        try directory.link("sys/class/net/enp9s0/master", to: "../br0")
        let identity = PCIIdentity(vendor: PCIDeviceID(1), device: PCIDeviceID(2), classCode: 0x020000)
        let functions = try ["enp1s0", "enp9s0", "enp8s0"].enumerated().map { index, name in
            PCIFunction(
                address: try #require(PCIAddress("0000:0\(index + 1):00.0")),
                identity: identity,
                interfaces: [NetworkInterface(name: name, hardwareAddress: "", mtu: 1500)]
            )
        }
        let needs = HostNeeds(sysfs: "\(directory.path)/sys", procfs: "\(directory.path)/proc")
        let reasons = needs.exclusions(in: Inventory(functions: functions))
        #expect(
            reasons.values.sorted() == [
                "enp1s0 carries a default route of the host", "enp9s0 is part of the host's br0",
            ]
        )
    }
}

@Suite struct HardwareFileTests {
    @Test func `everything wrong is told with its place`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "c.yaml",
            "pools:\n- resourceName: a\n  selectors: {vendors: [x]}\n- resourcename: b\nnics: 7\n"
        )
        do {
            _ = try HardwareFile("\(directory.path)/c.yaml")
            Issue.record("was read")
        } catch {
            #expect(error.problems.count >= 3)
            #expect(error.problems.contains { $0.hasPrefix("pools[0].selectors.vendors[0]") })
            #expect(error.problems.contains { $0.hasPrefix("nics") })
        }
    }

    @Test(arguments: ["a: [", "\u{0}"]) func `what is no YAML is told`(text: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("c.yaml", text)
        #expect(throws: HardwareFileError.self) { try HardwareFile("\(directory.path)/c.yaml") }
        #expect(throws: HardwareFileError.self) { try HardwareFile("\(directory.path)/none.yaml") }
    }

    // The incumbent device plugin's form.
    @Test func `a config.json is read as it is`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "config.json",
            #"{"resourceList":[{"resourceName":"intel_sriov","selectors":{"vendors":["8086"],"drivers":["iavf"]}}]}"#
        )
        let pools = try HardwareFile("\(directory.path)/config.json").pools
        #expect(pools.pools.map(\.resource.description) == ["intel.com/intel_sriov"])
    }
}
