import AttachmentStore
import FakeSysfs
import HardwareConfiguration
import HardwareReconciler
import LinuxSystem
import PCI
import PCIInventory
import Testing

@Suite struct HardwareReconciliationTests {
    private let tree: FakeSysfs
    private let kernel: FakeKernel
    private let state: StateDirectory
    private let pf: PCIAddress

    init() throws {
        tree = try FakeSysfs()
        kernel = FakeKernel(tree)
        state = StateDirectory(tree.root + "/state")
        pf = try #require(PCIAddress("0000:01:00.0"))
        let function = FakeSysfs.Function {
            $0.totalVFs = 7
            $0.interface = FakeSysfs.Interface("enp1s0") { $0.isUp = true }
        }
        try tree.add("0000:01:00.0", function)
        try tree.addDriver("igbvf")
    }

    private func reconciliation(_ count: Int) throws -> HardwareReconciliation {
        var match = NICMatch()
        match.names = ["enp1s0"]
        let orders = KernelOrders(
            write: { [kernel] text, path throws(StepFailure.Cause) in
                do throws(SystemError) {
                    try kernel.write(text, to: path)
                } catch {
                    throw .kernel(error)
                }
            },
            bringUp: { interface throws(StepFailure.Cause) in throw .noInterface(interface) }
        )
        return HardwareReconciliation(
            document: HardwareDocument(nics: [NICDeclaration(match: match, virtualFunctions: count)]),
            reader: InventoryReader(sysfs: tree.root),
            use: try FunctionUse(sysfs: tree.root, processes: tree.root + "/proc", state: state, bootID: "boot"),
            state: state,
            performer: StepPerformer(sysfs: tree.root, orders: orders, settleMilliseconds: 0),
            lockSeconds: 0
        )
    }

    @Test func `a function is brought to what is declared, and then there is nothing to do`() throws {
        try reconciliation(2).bring(pf)
        try reconciliation(5).bring(pf)
        #expect(kernel.writes == ["sriov_numvfs=2", "sriov_numvfs=0", "sriov_numvfs=5"])
        #expect(try reconciliation(5).look().plan.steps.isEmpty)
    }

    @Test func `VFs are not taken away while one is being attached`() throws {
        try reconciliation(2).bring(pf)
        try state.create()
        let vf = try #require(PCIAddress("0000:01:10.2"))
        let lock = try state.lock(function: vf, until: .now)
        let error = #expect(throws: ReconciliationError.self) { try reconciliation(3).bring(pf) }
        guard case .locked(vf, let cause) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(cause.subject == lock.path)
        #expect(kernel.writes == ["sriov_numvfs=2"])
    }

    @Test func `what came between the look and the locks is seen`() throws {
        try reconciliation(2).bring(pf)
        let planned = try reconciliation(3)
        #expect(try planned.look().plan.problems.isEmpty)
        // The interface goes into a pod.
        try tree.unbind("0000:01:10.2")
        try tree.bind("0000:01:10.2", to: "igbvf")
        let error = #expect(throws: ReconciliationError.self) { try planned.bring(pf) }
        guard case .impossible(let problems) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(problems.map(\.path) == ["nics[0].virtualFunctions"])
        #expect(kernel.writes == ["sriov_numvfs=2"])
    }

    @Test func `a function that nothing is declared for is left alone`() throws {
        try reconciliation(2).bring(try #require(PCIAddress("0000:09:00.0")))
        #expect(kernel.writes.isEmpty)
    }
}
