import JSON
import KubeletAPI
import PCI
import Testing

@testable import ResourcePools

@Suite struct AssignmentTests {
    static let allVFs = ["0000:01:10.0", "0000:01:10.1", "0000:01:10.2", "0000:01:10.3"]

    // The semantics of each selector: SR-IOV network device plugin v3.11, README "Device selectors".
    @Test(arguments: [
        (#"{"vendors": ["8086"], "devices": ["10ca"]}"#, allVFs), (#"{"drivers": ["igbvf", "iavf"]}"#, allVFs),
        (#"{"drivers": ["iavf"]}"#, []), (#"{"pciAddresses": ["0000:01:10.2"]}"#, ["0000:01:10.2"]),
        (#"{"pfNames": ["netpf0"]}"#, ["0000:01:10.0", "0000:01:10.2"]),
        (#"{"pfNames": ["NETPF0"]}"#, ["0000:01:10.0", "0000:01:10.2"]),
        (#"{"pfNames": ["netpf0#1"]}"#, ["0000:01:10.2"]),
        (#"{"pfNames": ["netpf0#0", "netpf1#1-5"]}"#, ["0000:01:10.0", "0000:01:10.3"]),
        (#"{"pfNames": ["netpf0#2-9"]}"#, []),
        (#"{"rootDevices": ["0000:01:00.1"]}"#, ["0000:01:10.1", "0000:01:10.3"]),
        (#"{"rootDevices": ["0000:01:00.1#0,5"]}"#, ["0000:01:10.1"]), (#"{"pfNames": ["idle0"]}"#, []),
        (#"{"linkTypes": ["infiniband"]}"#, []), (#"{"linkTypes": ["ether"], "drivers": ["igbvf"]}"#, allVFs),
        (#"{"vendors": ["1af4"]}"#, ["0000:03:00.0"]),
        (#"{"vendors": []}"#, allVFs + ["0000:02:00.0", "0000:03:00.0"]),
        (#"[{"pfNames": ["netpf0#0"]}, {"pfNames": ["netpf1#0"]}]"#, ["0000:01:10.0", "0000:01:10.1"]),
        ("null", allVFs + ["0000:02:00.0", "0000:03:00.0"]),
    ])
    func `a selector takes what all of its conditions fit`(selector: String, expected: [String]) throws {
        #expect(try ids(pool(selecting: selector)) == [expected])
    }

    @Test func `an accelerator pool takes accelerators and nothing else`() throws {
        #expect(try ids(#"{"resourceName": "acc", "deviceType": "accelerator"}"#) == [["0000:04:00.0"]])
    }

    @Test func `the first pool that takes a device keeps it`() throws {
        let first = #"{"resourceName": "first", "selectors": {"pfNames": ["netpf0"]}}"#
        let second = #"{"resourceName": "second", "selectors": {"drivers": ["igbvf"]}}"#
        #expect(try ids(first, second) == [["0000:01:10.0", "0000:01:10.2"], ["0000:01:10.1", "0000:01:10.3"]])
        #expect(try ids(second, first) == [Self.allVFs, []])
    }

    @Test func `a PF is offered only while it has no virtual function`() throws {
        let selector = pool(selecting: #"{"devices": ["10c9"]}"#)
        #expect(try ids(selector) == [["0000:02:00.0"]])
        let none = Machine.with("0000:01:00.0") { $0.sriov?.numVFs = 0 }
        #expect(try ids(selector, on: none) == [["0000:01:00.0", "0000:02:00.0"]])
    }

    @Test func `a function without a driver is not offered`() throws {
        let unbound = Machine.with("0000:01:10.0") { $0.driver = nil }
        #expect(try ids(pool(selecting: #"{"pfNames": ["netpf0"]}"#), on: unbound) == [["0000:01:10.2"]])
    }

    @Test func `a virtual function whose netdev is in a pod stays where it was`() throws {
        let away = Machine.with("0000:01:10.0") { $0.interfaces = [] }
        let selector = pool(selecting: #"{"pfNames": ["netpf0"], "linkTypes": ["ether"]}"#)
        #expect(try ids(selector, on: away) == [["0000:01:10.0", "0000:01:10.2"]])
    }

    @Test func `what the host needs is offered to nobody`() throws {
        let list = try pools(pool(selecting: #"{"vendors": ["1af4"]}"#)).list
        let assignments = list.assign(
            Machine.inventory,
            exclusions: [Machine.address("0000:03:00.0"): "its eth0 has the default route"]
        )
        #expect(assignments.pools.map(\.devices) == [[]])
        let explanation = assignments.explanations.first { $0.address == Machine.address("0000:03:00.0") }
        #expect(explanation?.description == "0000:03:00.0 not offered: its eth0 has the default route")
    }

    @Test func `the NUMA node is told unless the pool excludes it or the kernel does not know`() throws {
        let plain = try pools(pool(selecting: #"{"pfNames": ["netpf1"]}"#)).list
        #expect(plain.assign(Machine.inventory).pools[0].devices.map(\.numaNode) == [1, 1])
        let excluded = try pools(
            #"{"resourceName": "vf", "excludeTopology": true, "selectors": {"pfNames": ["netpf1"]}}"#
        ).list
        #expect(excluded.assign(Machine.inventory).pools[0].devices.map(\.numaNode) == [nil, nil])
        let idle = try pools(pool(selecting: #"{"pciAddresses": ["0000:02:00.0"]}"#)).list
        #expect(idle.assign(Machine.inventory).pools[0].devices.map(\.numaNode) == [nil])
    }

    @Test func `each device's way is explained pool by pool`() throws {
        let list = try pools(
            #"{"resourceName": "acc", "deviceType": "accelerator"}"#,
            #"{"resourceName": "left", "selectors": [{"vendors": ["15b3"]}, {"pfNames": ["netpf0#1"]}]}"#,
            #"{"resourceName": "right", "selectors": {"drivers": ["igbvf"]}}"#
        ).list
        let explanations = list.assign(Machine.inventory).explanations
        #expect(explanations.map(\.address) == Machine.inventory.functions.map(\.address))
        let texts = Dictionary(uniqueKeysWithValues: explanations.map { ($0.address.description, $0.description) })
        #expect(
            texts["0000:01:10.0"] == """
                0000:01:10.0 in intel.com/right, by selector 0
                  intel.com/acc refused it: deviceType: it is no accelerator
                  intel.com/left selector 0 refused it: vendors: it is 8086
                  intel.com/left selector 1 refused it: netpf0#1: it is virtual function 0
                """
        )
        #expect(
            texts["0000:01:00.0"] == "0000:01:00.0 not offered: its 2 virtual functions are offered in its place"
        )
        #expect(
            texts["0000:02:00.0"] == """
                0000:02:00.0 in no pool
                  intel.com/acc refused it: deviceType: it is no accelerator
                  intel.com/left selector 0 refused it: vendors: it is 8086
                  intel.com/left selector 1 refused it: pfNames: it is no virtual function
                  intel.com/right selector 0 refused it: drivers: it is bound to igb
                """
        )
    }
}
