import FakeSysfs
import Glibc
import HardwareConfiguration
import HardwareReconciler
import LinuxSystem
import PCI
import PCIInventory
import Testing

@Suite struct StepPerformerTests {
    private let tree: FakeSysfs
    private let kernel: FakeKernel
    private let pf: PCIAddress

    init() throws {
        tree = try FakeSysfs()
        kernel = FakeKernel(tree)
        pf = try #require(PCIAddress("0000:01:00.0"))
        let function = FakeSysfs.Function {
            $0.totalVFs = 7
            $0.interface = FakeSysfs.Interface("enp1s0") { $0.isUp = true }
        }
        try tree.add("0000:01:00.0", function)
        try tree.addDriver("igbvf")
        try tree.addDriver("vfio-pci")
    }

    private var orders: KernelOrders {
        KernelOrders(
            write: { [kernel] text, path throws(StepFailure.Cause) in
                do throws(SystemError) {
                    try kernel.write(text, to: path)
                } catch {
                    throw .kernel(error)
                }
            },
            bringUp: { interface throws(StepFailure.Cause) in throw .noInterface(interface) }
        )
    }

    private var performer: StepPerformer {
        StepPerformer(sysfs: tree.root, orders: orders, settleMilliseconds: 0)
    }

    private func document(_ count: Int, mtu: Int? = nil, vfio: VFIndexSet? = nil) -> HardwareDocument {
        var match = NICMatch()
        match.names = ["enp1s0"]
        let drivers = vfio.map { [VFDriverRange($0, driver: "vfio-pci")] } ?? []
        let nic = NICDeclaration(match: match, virtualFunctions: count, mtu: mtu, drivers: drivers)
        return HardwareDocument(nics: [nic])
    }

    /// Plans, performs, and returns the steps that changed something.
    @discardableResult
    private func apply(_ document: HardwareDocument) throws -> [HardwareStep] {
        var done: [HardwareStep] = []
        let plan = document.plan(for: try InventoryReader(sysfs: tree.root).read())
        try performer.perform(plan.steps, end: { if $1 == .done { done.append($0) } })
        return done
    }

    private func drivers() throws -> [String?] {
        try InventoryReader(sysfs: tree.root).read().virtualFunctions(of: pf).map(\.driver)
    }

    @Test func `a plan carried out leaves nothing to plan`() throws {
        let declared = document(4, mtu: 9000, vfio: VFIndexSet(2...3))
        #expect(try apply(declared).count == 4)
        #expect(try drivers() == ["igbvf", "igbvf", "vfio-pci", "vfio-pci"])
        let inventory = try InventoryReader(sysfs: tree.root).read()
        #expect(inventory[pf]?.interfaces.map(\.mtu) == [9000])
        #expect(declared.plan(for: inventory).steps.isEmpty)
    }

    @Test func `another count is made through none`() throws {
        try apply(document(2))
        try apply(document(5))
        #expect(kernel.writes == ["sriov_numvfs=2", "sriov_numvfs=0", "sriov_numvfs=5"])
        #expect(try drivers().count == 5)
    }

    @Test func `a VF in no range goes back to the kernel's driver and loses its override`() throws {
        try apply(document(2, vfio: VFIndexSet(0...1)))
        try apply(document(2, vfio: VFIndexSet(0...0)))
        #expect(try drivers() == ["vfio-pci", "igbvf"])
        #expect(try tree.attribute("driver_override", of: "0000:01:10.2") == "(null)")
    }

    @Test func `the first refusal stops, and the run can be repeated`() throws {
        let declared = document(3, mtu: 9000, vfio: VFIndexSet(1...2))
        kernel.refusals["bind"] = EINVAL
        let failure = #expect(throws: StepFailure.self) { try apply(declared) }
        #expect(failure?.step == .bindDriver(pf, index: 1, driver: "vfio-pci"))
        #expect(failure?.done.count == 2)
        #expect(failure?.advice?.contains("IOMMU") == true)
        #expect(try drivers() == ["igbvf", nil, "igbvf"])
        #expect(
            try apply(declared) == [
                .bindDriver(pf, index: 1, driver: "vfio-pci"), .bindDriver(pf, index: 2, driver: "vfio-pci"),
            ]
        )
        #expect(try drivers() == ["igbvf", "vfio-pci", "vfio-pci"])
    }

    @Test(arguments: [
        (ENOMEM, "pci=realloc"), (EBUSY, "apply again"), (EPERM, "root"), (EROFS, "read-only"), (EINVAL, "dmesg"),
    ])
    func `a refused count says what to do`(number: CInt, words: String) throws {
        kernel.refusals["sriov_numvfs"] = number
        let failure = #expect(throws: StepFailure.self) { try apply(document(3)) }
        let expected = SystemError(
            call: "write",
            subject: "\(tree.root)/bus/pci/devices/0000:01:00.0/sriov_numvfs",
            errno: number
        )
        #expect(failure?.cause == .kernel(expected))
        #expect(failure?.advice?.contains(words) == true)
    }

    @Test func `a driver that is not loaded is named before anything is unbound`() throws {
        var match = NICMatch()
        match.names = ["enp1s0"]
        let drivers = [VFDriverRange(VFIndexSet(0...0), driver: "uio_pci_generic")]
        let nic = NICDeclaration(match: match, virtualFunctions: 1, drivers: drivers)
        let failure = #expect(throws: StepFailure.self) { try apply(HardwareDocument(nics: [nic])) }
        #expect(failure?.cause == .noDriver("uio_pci_generic"))
        let early = #expect(throws: StepFailure.self) {
            try performer.requireDrivers(for: [.bindDriver(pf, index: 0, driver: "uio_pci_generic")])
        }
        #expect(early?.cause == .noDriver("uio_pci_generic"))
        try performer.requireDrivers(for: [.bindDriver(pf, index: 0, driver: "a_network_driver")])
        #expect(failure?.advice?.contains("modprobe uio_pci_generic") == true)
        #expect(try self.drivers() == ["igbvf"])
    }

    @Test func `VFs that no driver takes are made all the same`() throws {
        kernel.defaultDriver = nil
        try apply(document(2))
        #expect(try drivers() == [nil, nil])
        #expect(try apply(document(2)).isEmpty)
    }

    @Test func `a VF that has gone since the plan is a failure with its index`() throws {
        let steps = [HardwareStep.bindDriver(pf, index: 3, driver: "vfio-pci")]
        let failure = #expect(throws: StepFailure.self) { try performer.perform(steps) }
        #expect(failure?.cause == .noVirtualFunction(index: 3))
    }

    @Test func `an interface that has gone since the plan is a failure with its name`() throws {
        let failure = #expect(throws: StepFailure.self) {
            try performer.perform([.bringUp(pf, interface: "enp9s0")])
        }
        #expect(failure?.cause == .noInterface("enp9s0"))
        #expect(failure?.advice?.contains("plan again") == true)
    }
}
