import HardwareConfiguration
import JSON
import PCI
import Testing

@Suite struct HardwareDocumentTests {
    private func problems(_ text: String) throws -> [String] {
        let value = try JSONValue(parsing: text)
        do {
            _ = try HardwareDocument(reading: value)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    private func read(_ text: String) throws -> HardwareDocument {
        try HardwareDocument(reading: try JSONValue(parsing: text))
    }

    @Test func `a whole declaration is read`() throws {
        let document = try read(
            """
            {"nics": [{
                "match": {"vendors": ["8086"], "devices": ["10c9"], "drivers": ["igb"], "names": ["enp1s0"],
                          "addresses": ["0000:01:00.0"], "linkTypes": ["ether"]},
                "virtualFunctions": 7, "mtu": 9000,
                "drivers": [{"range": "0-3,6", "driver": "vfio-pci"}, {"range": 4, "driver": "igbvf"}]}],
             "pools": [{"resourceName": "lab"}]}
            """
        )
        let nic = try #require(document.nics.first)
        #expect(nic.match.vendors == [PCIDeviceID(0x8086)])
        #expect(nic.match.devices == [PCIDeviceID(0x10c9)])
        #expect(nic.match.drivers == ["igb"])
        #expect(nic.match.names == ["enp1s0"])
        #expect(nic.match.addresses.map(\.description) == ["0000:01:00.0"])
        #expect(nic.match.linkTypes == [.ethernet])
        #expect(nic.virtualFunctions == 7)
        #expect(nic.mtu == 9000)
        #expect((0..<7).map(nic.driver) == ["vfio-pci", "vfio-pci", "vfio-pci", "vfio-pci", "igbvf", nil, "vfio-pci"])
        #expect(document.pools == [["resourceName": "lab"]])
        #expect(document.poolsKey == "pools")
    }

    @Test func `the incumbent's configuration declares pools and no NICs`() throws {
        // Shape: sriov-network-device-plugin, README, "resourceList".
        let document = try read(#"{"resourceList": [{"resourceName": "a", "selectors": {"vendors": ["8086"]}}]}"#)
        #expect(document.nics.isEmpty)
        #expect(document.pools.count == 1)
        #expect(document.poolsKey == "resourceList")
    }

    @Test func `everything that is wrong is said at once, each with its place`() throws {
        let found = try problems(
            """
            {"nics": [
                {"match": {"vendors": [8086, "0x8086", "10C9"], "adresses": ["0000:01:00.0"]}, "virtualFunctions": -1},
                {"virtualFunction": 3, "match": {"addresses": ["01:00.0"], "linkTypes": ["ethernet"]}, "mtu": 20},
                {"match": {}},
                7],
             "pool": []}
            """
        )
        #expect(
            found == [
                #"nics[0].match.vendors[0]: 8086 is read as a number; write it in quotes: "8086""#,
                #"nics[0].match.vendors[1]: "0x8086" is not four hexadecimal digits in lower case without 0x, such as "8086""#,
                #"nics[0].match.vendors[2]: "10C9" is not four hexadecimal digits in lower case without 0x, such as "8086""#,
                #"nics[0].match.adresses: unknown key; did you mean "addresses"?"#,
                "nics[0].virtualFunctions: -1 is not within 0 to 65535",
                #"nics[1].match.addresses[0]: "01:00.0" is not a PCI address such as 0000:01:00.0, lower case"#,
                #"nics[1].match.linkTypes[0]: "ethernet" is not one of ether, infiniband"#,
                "nics[1].mtu: 20 is not within 68 to 65535",
                #"nics[1].virtualFunction: unknown key; did you mean "virtualFunctions"?"#,
                "nics[2].match: matches every NIC; give at least one of vendors, devices, drivers, names, addresses",
                "nics[2]: says nothing; give virtualFunctions, mtu or drivers",
                "nics[3]: expected an object, found a number",
                #"pool: unknown key; did you mean "pools"?"#,
            ]
        )
    }

    @Test(arguments: [
        (#"{"range": "3-1", "driver": "d"}"#, "range: \"3-1\" is not of the form \"0-3\" or \"0-3,5\""),
        (#"{"range": "+1", "driver": "d"}"#, "range: \"+1\" is not"), (#"{"range": "1-", "driver": "d"}"#, "is not of"),
        (#"{"range": "1-2-3", "driver": "d"}"#, "is not of"), (#"{"range": "", "driver": "d"}"#, "is not of"),
        (#"{"range": "999999", "driver": "d"}"#, "is not of"),
        (#"{"range": true, "driver": "d"}"#, "found true or false"),
        (#"{"range": "6-7", "driver": "d"}"#, "there is no virtual function 7: virtualFunctions is 7"),
        (#"{"driver": "d"}"#, "range: missing"), (#"{"range": 1}"#, "driver: missing"),
        (#"{"range": 1, "driver": "../x"}"#, "driver: \"../x\" is no name of a kernel driver"),
        (#"{"range": 1, "driver": "d", "x": 1}"#, "x: unknown key"), ("3", "expected an object, found a number"),
    ])
    func `a bad driver range is refused`(element: String, reason: String) throws {
        let found = try problems(
            #"{"nics": [{"match": {"names": ["a"]}, "virtualFunctions": 7, "drivers": [\#(element)]}]}"#
        )
        #expect(found.count == 1)
        #expect(found.first?.contains(reason) == true, "\(found)")
        #expect(found.first?.hasPrefix("nics[0].drivers[0]") == true)
    }

    @Test func `driver ranges may not overlap and need a count`() throws {
        let drivers = #"[{"range": "0-3", "driver": "a"}, {"range": "3", "driver": "b"}]"#
        let overlapping = try problems(
            #"{"nics": [{"match": {"names": ["a"]}, "virtualFunctions": 7, "drivers": \#(drivers)}]}"#
        )
        #expect(overlapping == ["nics[0].drivers[1].range: 3 overlaps 0-3, which has driver a"])
        let uncounted = try problems(
            #"{"nics": [{"match": {"names": ["a"]}, "drivers": [{"range": "0", "driver": "a"}]}]}"#
        )
        #expect(
            uncounted == ["nics[0].drivers[0].range: needs virtualFunctions beside it, to say how many there are"]
        )
    }

    @Test func `pools under both names are refused`() throws {
        #expect(
            try problems(#"{"pools": [], "resourceList": []}"#) == [
                "resourceList: the same as pools; write all pools under one of them"
            ]
        )
    }

    @Test func `a document that is no object is refused`() throws {
        #expect(try problems("[]") == ["expected an object, found a list"])
    }
}

@Suite struct VFIndexSetTests {
    @Test func `indexes are grouped for a person`() {
        #expect(VFIndexSet(grouping: [5, 0, 1, 2, 7, 6]).description == "0-2,5-7")
        #expect(VFIndexSet(grouping: [3]).description == "3")
        #expect(VFIndexSet(grouping: []).description == "")
    }

    @Test func `the text form is what is read`() {
        #expect(VFIndexSet("0-2,5")?.description == "0-2,5")
        #expect(VFIndexSet("0-2,5") == VFIndexSet(0...2, 5...5))
    }
}
