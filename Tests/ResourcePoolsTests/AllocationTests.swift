import JSON
import KubeletAPI
import PCI
import Testing

@testable import ResourcePools

@Suite struct AllocationTests {
    private func assignment(
        _ declaration: String = pool(selecting: #"{"drivers": ["igbvf", "vfio-pci", "igb_uio"]}"#),
        on inventory: Inventory = Machine.inventory
    ) throws -> PoolAssignment {
        try pools(declaration).list.assign(inventory).pools[0]
    }

    // SR-IOV network device plugin v3.11: variable names and the shape of _INFO.
    @Test func `a container is told its devices in the order it was given them`() throws {
        let allocation = try assignment().allocation(of: ["0000:01:10.2", "0000:01:10.0"])
        #expect(
            allocation.environment == [
                "PCIDEVICE_INTEL_COM_VF": "0000:01:10.2,0000:01:10.0",
                "PCIDEVICE_INTEL_COM_VF_INFO": #"{"0000:01:10.0":{"generic":{"deviceID":"0000:01:10.0"}},"#
                    + #""0000:01:10.2":{"generic":{"deviceID":"0000:01:10.2"}}}"#,
            ]
        )
        #expect(allocation.deviceNodes == [])
    }

    @Test(arguments: [
        ("intel.com", "sriov_net", "PCIDEVICE_INTEL_COM_SRIOV_NET"), ("a-b.io", "x-y", "PCIDEVICE_A-B_IO_X-Y"),
    ])
    func `the variable is the resource's name in capitals, dots replaced`(
        prefix: String,
        name: String,
        key: String
    ) throws {
        #expect(PoolDeclaration(resource: try ResourceName("\(prefix)/\(name)")).environmentKey == key)
    }

    @Test func `a function bound to vfio comes with the control node and its group`() throws {
        var inventory = Machine.with("0000:01:10.0") {
            $0.driver = "vfio-pci"
            $0.iommuGroup = IOMMUGroup(number: 12)
            $0.interfaces = []
        }
        let alone = try assignment(on: inventory).allocation(of: ["0000:01:10.0"])
        #expect(
            alone.deviceNodes == [
                DeviceNode(hostPath: "/dev/vfio/vfio", containerPath: "/dev/vfio/vfio"),
                DeviceNode(hostPath: "/dev/vfio/12", containerPath: "/dev/vfio/12"),
            ]
        )
        #expect(
            alone.environment["PCIDEVICE_INTEL_COM_VF_INFO"]
                == #"{"0000:01:10.0":{"generic":{"deviceID":"0000:01:10.0"},"#
                + #""vfio":{"dev-mount":"/dev/vfio/12","mount":"/dev/vfio/vfio"}}}"#
        )
        for index in inventory.functions.indices where inventory.functions[index].driver == "igbvf" {
            inventory.functions[index].driver = "vfio-pci"
            inventory.functions[index].iommuGroup = IOMMUGroup(number: 12)
        }
        let both = try assignment(on: inventory).allocation(of: ["0000:01:10.2", "0000:01:10.0"])
        #expect(both.deviceNodes == alone.deviceNodes)
    }

    @Test func `without an IOMMU the group's node has another name on the host`() throws {
        let inventory = Machine.with("0000:01:10.0") {
            $0.driver = "vfio-pci"
            $0.iommuGroup = IOMMUGroup(number: 3, isWithoutIOMMU: true)
        }
        let nodes = try assignment(on: inventory).allocation(of: ["0000:01:10.0"]).deviceNodes
        #expect(nodes.last == DeviceNode(hostPath: "/dev/vfio/noiommu-3", containerPath: "/dev/vfio/3"))
    }

    @Test func `a function bound to uio comes with its node`() throws {
        let inventory = Machine.with("0000:01:10.0") {
            $0.driver = "igb_uio"
            $0.uioName = "uio4"
        }
        let allocation = try assignment(on: inventory).allocation(of: ["0000:01:10.0"])
        #expect(allocation.deviceNodes == [DeviceNode(hostPath: "/dev/uio4", containerPath: "/dev/uio4")])
        #expect(
            allocation.environment["PCIDEVICE_INTEL_COM_VF_INFO"]
                == #"{"0000:01:10.0":{"generic":{"deviceID":"0000:01:10.0"},"uio":{"mount":"/dev/uio4"}}}"#
        )
    }

    @Test(arguments: ["vfio-pci", "igb_uio"])
    func `a device whose node the kernel does not show is not given`(driver: String) throws {
        let inventory = Machine.with("0000:01:10.0") { $0.driver = driver }
        let assignment = try assignment(on: inventory)
        #expect(throws: AllocationError.nodeMissing(id: "0000:01:10.0", driver: driver)) {
            try assignment.allocation(of: ["0000:01:10.0"])
        }
    }

    @Test func `an unknown id is refused by name`() throws {
        let assignment = try assignment()
        let error = #expect(throws: AllocationError.self) { try assignment.allocation(of: ["0000:01:10.0", "x"]) }
        #expect(error?.description == "intel.com/vf has no device x")
    }

    @Test func `a device that is ill is refused with the reason`() throws {
        var assignment = try assignment()
        assignment.devices[0].ailment = "awaiting return"
        let error = #expect(throws: AllocationError.self) { try assignment.allocation(of: ["0000:01:10.0"]) }
        #expect(error?.description == "0000:01:10.0 may not be given now: awaiting return")
    }

    @Test func `additional information of a device goes over that of all`() throws {
        let assignment = try assignment(
            """
            {"resourceName": "vf", "selectors": {"drivers": ["igbvf"]},
             "additionalInfo": {"*": {"b": "all", "a": "all"}, "0000:01:10.2": {"b": "one"}}}
            """
        )
        let text = try assignment.allocation(of: ["0000:01:10.0", "0000:01:10.2"]).environment
        let information = try JSONValue(parsing: text["PCIDEVICE_INTEL_COM_VF_INFO"] ?? "")
        #expect(information["0000:01:10.0"]?["extra"] == ["a": "all", "b": "all"])
        #expect(information["0000:01:10.2"]?["extra"] == ["a": "all", "b": "one"])
    }
}

@Suite struct PreferenceTests {
    private let assignment = PoolAssignment(
        pool: PoolDeclaration(resource: ResourceName.example),
        devices: Machine.inventory.functions.filter { $0.virtual != nil }.map {
            PoolDevice(id: $0.address.description, function: $0)
        }
    )
    private let all = ["0000:01:10.3", "0000:01:10.2", "0000:01:10.1", "0000:01:10.0"]

    @Test func `devices of one PF are taken before those of the next`() {
        let chosen = assignment.preferredIDs(available: all, required: [], count: 3)
        #expect(chosen == ["0000:01:10.0", "0000:01:10.2", "0000:01:10.1"])
    }

    @Test func `the PF of a required device comes first`() {
        let chosen = assignment.preferredIDs(available: all, required: ["0000:01:10.3"], count: 3)
        #expect(chosen == ["0000:01:10.3", "0000:01:10.1", "0000:01:10.0"])
    }

    @Test(arguments: [-1, 0, 1, 2, 3, 4, 9], [[], ["0000:01:10.1"], ["0000:01:10.1", "0000:01:10.0"]])
    func `the answer holds the required ones and nothing that was not offered`(count: Int, required: [String]) {
        let offered = all.filter { $0 != "0000:01:10.2" } + ["unknown"]
        let chosen = assignment.preferredIDs(available: offered, required: required, count: count)
        #expect(Set(chosen).isSubset(of: offered))
        #expect(Set(chosen).isSuperset(of: required))
        #expect(Set(chosen).count == chosen.count)
        #expect(chosen.count == min(max(count, required.count), 3))
    }

    @Test func `the order of the question does not matter`() {
        let answers = [all, all.reversed(), all.shuffled()].map {
            assignment.preferredIDs(available: $0, required: [], count: 2)
        }
        #expect(Set(answers).count == 1)
    }
}

extension ResourceName {
    static var example: ResourceName {
        guard let name = try? ResourceName("x.io/vf") else { preconditionFailure("x.io/vf is a good name") }
        return name
    }
}
