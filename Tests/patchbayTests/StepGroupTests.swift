import HardwareConfiguration
import PCI
import Testing

@testable import patchbay

@Suite struct StepGroupTests {
    @Test func `the same change to several VFs of one PF is one line`() throws {
        let first = try #require(PCIAddress("0000:01:00.0"))
        let second = try #require(PCIAddress("0000:02:00.0"))
        let steps: [HardwareStep] = [
            .createVirtualFunctions(first, count: 7), .bindDriver(first, index: 1, driver: "vfio-pci"),
            .bindDriver(first, index: 2, driver: "vfio-pci"), .bindDriver(first, index: 4, driver: "vfio-pci"),
            .bindDriver(first, index: 5, driver: "igbvf"), .bindDriver(second, index: 6, driver: "igbvf"),
            .restoreDriver(second, index: 0, from: "vfio-pci"), .restoreDriver(second, index: 1, from: "vfio-pci"),
        ]
        #expect(
            StepGroup.groups(steps).map(\.text) == [
                "make 7 VFs", "bind VFs 1-2,4 to vfio-pci", "bind VF 5 to igbvf", "bind VF 6 to igbvf",
                "give VFs 0-1 back from vfio-pci to the kernel's default driver",
            ]
        )
    }
}
