import LinuxSystem
import PCI
import Scratch
import Testing

@testable import NodeSurvey

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
