import Addresses
import Attachments
import CNI
import JSON
import PCI
import SRIOVPlugin
import Testing

@Suite struct AttachPlanTests {
    let igbvf = FunctionDriver(rawValue: "igbvf")
    let iavf = FunctionDriver(rawValue: "iavf")
    let mac = MACAddress("02:00:00:00:00:01")

    private func plan(
        _ keys: JSONObject,
        driver: FunctionDriver,
        isUserspace: Bool = false,
        hasPF: Bool = true
    ) throws -> [AttachStep] {
        let address = try #require(PCIAddress("0000:01:10.0"))
        let base: JSONObject = ["name": "n", "type": "sriov", "deviceID": "0000:01:10.0"]
        let configuration = try SRIOVConfiguration(.object(base.merging(keys)))
        let interface = FunctionInterface(
            name: "enp1s16",
            mac: try #require(MACAddress("52:54:00:00:00:10")),
            mtu: 1500
        )
        let record = FunctionRecord(
            address: address,
            physicalFunction: hasPF ? PCIAddress("0000:01:00.0") : nil,
            virtualFunctionIndex: hasPF ? 0 : nil,
            driver: driver,
            originals: FunctionState(
                interface: isUserspace ? nil : interface,
                settings: hasPF
                    ? FunctionSettings(
                        administrativeMAC: .zero,
                        vlan: VLANTag.none,
                        checksSource: true,
                        isTrusted: false,
                        rate: RateLimits()
                    ) : FunctionSettings()
            )
        )
        return try AttachPlan(configuration, record: record, interfaceName: "net1").steps
    }

    @Test func `without settings it is one move`() throws {
        #expect(try plan([:], driver: igbvf) == [.moveToSandbox(name: "net1", mac: nil, mtu: nil), .bringUp])
    }

    @Test func `a setting the function has already is not set again`() throws {
        #expect(try plan(["spoofchk": "on", "vlan": 0], driver: igbvf).count == 2)
    }

    @Test func `address and MTU go along with the move`() throws {
        #expect(
            try plan(["mac": "02:00:00:00:00:01", "mtu": 9000, "trust": "on"], driver: iavf) == [
                .applySettings(FunctionSettings(administrativeMAC: mac, isTrusted: true)),
                .moveToSandbox(name: "net1", mac: mac, mtu: 9000), .bringUp,
            ]
        )
    }

    @Test func `igbvf is off while its PF is told an address, and takes it at its start`() throws {
        #expect(
            try plan(["mac": "02:00:00:00:00:01"], driver: igbvf) == [
                .unbindDriver(igbvf), .applySettings(FunctionSettings(administrativeMAC: mac)), .bindDriver(igbvf),
                .moveToSandbox(name: "net1", mac: nil, mtu: nil), .bringUp,
            ]
        )
    }

    @Test func `a userspace function is set on the PF only`() throws {
        let vfio = FunctionDriver(rawValue: "vfio-pci")
        #expect(
            try plan(["vlan": 5, "mtu": 9000], driver: vfio, isUserspace: true) == [
                .applySettings(FunctionSettings(vlan: VLANTag(identifier: 5)))
            ]
        )
    }

    @Test func `in a guest the address is set on the interface, and what needs a PF is refused`() throws {
        #expect(
            try plan(["mac": "02:00:00:00:00:01"], driver: iavf, hasPF: false) == [
                .moveToSandbox(name: "net1", mac: mac, mtu: nil), .bringUp,
            ]
        )
        let address = try #require(PCIAddress("0000:01:10.0"))
        #expect(throws: SRIOVError.noPhysicalFunction(address)) {
            try plan(["vlan": 5], driver: iavf, hasPF: false)
        }
    }
}
