import JSON
import KubeletAPI
import PCI
import Testing

@testable import ResourcePools

@Suite struct ConfigurationTests {
    @Test func `a pool has the incumbent's defaults`() throws {
        let read = try pools(#"{"resourceName": "sriov_net"}"#)
        #expect(read.problems == [])
        #expect(read.list.pools == [PoolDeclaration(resource: try ResourceName("intel.com/sriov_net"))])
    }

    // The example of the incumbent's README, shortened.
    @Test func `an incumbent's configuration is read whole`() throws {
        let read = try pools(
            """
            {
                "resourceName": "intel_sriov_dpdk", "resourcePrefix": "vendor.com", "deviceType": "netDevice",
                "excludeTopology": true,
                "selectors": [{
                    "vendors": ["8086"], "devices": ["154c", "10ed"], "drivers": ["vfio-pci"],
                    "pfNames": ["enp0s0f0#0-3,5"], "rootDevices": ["0000:86:00.0#1"], "linkTypes": ["ether"],
                    "isRdma": false, "needVhostNet": false, "ddpProfiles": [], "vdpaType": ""
                }],
                "additionalInfo": {"*": {"token": "3e49019f"}, "0000:86:02.0": {"token": "b5a2"}}
            }
            """
        )
        #expect(read.problems == [])
        var selector = DeviceSelector()
        selector.vendors = [PCIDeviceID(0x8086)]
        selector.devices = [PCIDeviceID(0x154c), PCIDeviceID(0x10ed)]
        selector.drivers = ["vfio-pci"]
        selector.pfNames = [try FunctionFilter("enp0s0f0#0-3,5")]
        selector.rootDevices = [try FunctionFilter("0000:86:00.0#1")]
        selector.linkTypes = [.ethernet]
        #expect(
            read.list.pools == [
                PoolDeclaration(
                    resource: try ResourceName("vendor.com/intel_sriov_dpdk"),
                    excludesTopology: true,
                    selectors: [selector],
                    additionalInfo: ["*": ["token": "3e49019f"], "0000:86:02.0": ["token": "b5a2"]]
                )
            ]
        )
    }

    @Test func `the list of a hardware configuration has the same elements`() throws {
        let list = try JSONValue(parsing: #"[{"resourceName": "vf", "selectors": {"vendors": ["8086"]}}]"#)
        let read = PoolList.read(list, at: "pools", defaultPrefix: "patchbay.dev")
        #expect(read.problems == [])
        #expect(read.list.pools.map(\.resource.description) == ["patchbay.dev/vf"])
        #expect(PoolList.read(nil, at: "pools").list == PoolList())
        #expect(
            PoolList.read("x", at: "pools").problems.map(\.description) == ["pools: expected a list, found a string"]
        )
    }

    @Test(arguments: [
        ("{}", ["resourceList[0].resourceName: missing"]),
        ("7", ["resourceList[0]: expected an object, found a number", "resourceList[0].resourceName: missing"]),
        (
            #"{"resourceName": "a.b"}"#,
            [#"resourceList[0].resourceName: "a.b" contains '.'; letters, digits, '-' and '_' are allowed"#]
        ),
        (
            #"{"resourceName": "vf", "resourcePrefix": "Intel.com"}"#,
            [
                "resourceList[0].resourcePrefix: \"Intel.com/vf\" is no resource name: "
                    + "its domain must be a lower-case DNS name of at most 244 bytes"
            ]
        ),
        (
            #"{"resourceName": "vf", "resourcePrefx": "x.io"}"#,
            [#"resourceList[0].resourcePrefx: unknown key; did you mean "resourcePrefix"?"#]
        ),
        (
            #"{"resourceName": "vf", "deviceType": "auxNetDevice"}"#,
            ["resourceList[0].deviceType: auxNetDevice is not supported yet; netDevice or accelerator is"]
        ),
        (
            #"{"resourceName": "vf", "deviceType": "nic"}"#,
            ["resourceList[0].deviceType: \"nic\" is no device type; netDevice or accelerator is"]
        ),
        (
            #"{"resourceName": "vf", "selectors": []}"#,
            ["resourceList[0].selectors: an empty list selects nothing; leave it out for everything"]
        ),
        (
            #"{"resourceName": "vf", "selectors": "8086"}"#,
            ["resourceList[0].selectors: expected an object or a list of objects, found a string"]
        ),
        (
            #"{"resourceName": "vf", "selectors": [{"vendors": ["0x8086", "8086"]}, {"vendor": ["8086"]}]}"#,
            [
                #"resourceList[0].selectors[0].vendors[0]: "0x8086" is not four lower-case hexadecimal digits such as 8086"#,
                #"resourceList[0].selectors[1].vendor: unknown key; did you mean "vendors"?"#,
            ]
        ),
        (
            ##"{"resourceName": "vf", "selectors": {"pfNames": ["a#0-3", "A#5", "b#3-1", "c##1", "#1", "d#x"]}}"##,
            [
                "resourceList[0].selectors.pfNames[1]: a second entry for a would have no effect; join both: a#0-3,8",
                ##"resourceList[0].selectors.pfNames[2]: "b#3-1": the range 3-1 ends before it begins"##,
                ##"resourceList[0].selectors.pfNames[3]: "c##1": there is more than one '#'"##,
                ##"resourceList[0].selectors.pfNames[4]: "#1": the part before '#' must be a name without spaces"##,
                ##"resourceList[0].selectors.pfNames[5]: "d#x": "x" is neither an index nor a range such as 0-3"##,
            ]
        ),
        (
            #"{"resourceName": "vf", "selectors": {"rootDevices": ["3b:00.0"], "pciAddresses": ["01:10.2"]}}"#,
            [
                #"resourceList[0].selectors.pciAddresses[0]: "01:10.2" is no PCI address such as 0000:3b:02.1"#,
                ##"resourceList[0].selectors.rootDevices[0]: "3b:00.0": expected a PCI address before any '#'"##,
            ]
        ),
        (
            #"{"resourceName": "vf", "selectors": {"isRdma": true, "needVhostNet": true, "linkTypes": ["eth"]}}"#,
            [
                #"resourceList[0].selectors.linkTypes[0]: "eth" is no link type; ether or infiniband is"#,
                "resourceList[0].selectors.isRdma: not supported yet",
                "resourceList[0].selectors.needVhostNet: not supported yet",
            ]
        ),
        (
            #"{"resourceName": "vf", "deviceType": "accelerator", "selectors": {"pfNames": ["a"]}}"#,
            ["resourceList[0].selectors.pfNames: only a netDevice pool has this selector"]
        ),
        (
            #"{"resourceName": "vf", "additionalInfo": {"*": {"a": 1}, "x": {}, "0000:01:00.0": 3}}"#,
            [
                "resourceList[0].additionalInfo.*.a: expected a string, found a number",
                "resourceList[0].additionalInfo.x: expected a PCI address such as 0000:3b:02.1, or *",
                "resourceList[0].additionalInfo.0000:01:00.0: expected an object, found a number",
            ]
        ),
    ])
    func `what is wrong in a pool is said with its place`(element: String, problems: [String]) throws {
        #expect(try pools(element).problems == problems)
    }

    @Test func `every problem of a file is said at once`() throws {
        let document = try JSONValue(
            parsing: """
                {"resourceLst": [], "resourceList": [
                    {"resourceName": "vf"}, {"resourceName": "vf"}, {"selectors": 3},
                    {"resourceName": "com_vf", "resourcePrefix": "intel"}
                ]}
                """
        )
        #expect(
            PoolList.read(incumbent: document).problems.map(\.description) == [
                #"resourceLst: unknown key; did you mean "resourceList"?"#,
                "resourceList[1].resourceName: intel.com/vf is declared twice",
                "resourceList[2].resourceName: missing",
                "resourceList[2].selectors: expected an object or a list of objects, found a number",
                "resourceList[3].resourceName: intel/com_vf and intel.com/vf would both be told to a container "
                    + "as PCIDEVICE_INTEL_COM_VF",
            ]
        )
        #expect(PoolList.read(incumbent: [:]).problems.map(\.description) == ["resourceList: missing"])
    }
}

@Suite struct FunctionFilterTests {
    // The forms of the incumbent's README.
    @Test(arguments: [
        ("netpf0#0-3,5", [0, 1, 2, 3, 5]), ("0000:3b:00.0#1,4-7", [1, 4, 5, 6, 7]), ("a#0", [0]), ("a#2-2", [2]),
        ("a#00-1", [0, 1]), ("a", Array(0..<10)),
    ])
    func `ranges hold both their ends`(text: String, indices: [Int]) throws {
        let filter = try FunctionFilter(text)
        #expect((0..<10).filter(filter.admits) == indices)
    }

    @Test(arguments: [
        ("", FunctionFilter.Flaw.badName), ("#1", .badName), ("a b", .badName), ("a#1#2", .secondHash),
        ("a#", .badItem("")), ("a#1,", .badItem("")), ("a#-1", .badItem("-1")), ("a#+1", .badItem("+1")),
        ("a#1-", .badItem("1-")), ("a#1-2-3", .badItem("1-2-3")), ("a# 1", .badItem(" 1")), ("a#٣", .badItem("٣")),
        ("a#99999999999999999999", .badItem("99999999999999999999")), ("a#5-3", .reversed("5-3")),
    ])
    func `an entry that could never select is refused`(text: String, flaw: FunctionFilter.Flaw) {
        #expect(throws: flaw) { try FunctionFilter(text) }
    }
}
