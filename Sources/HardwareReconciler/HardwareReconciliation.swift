package import AttachmentStore
package import HardwareConfiguration
package import LinuxSystem
package import PCI
package import PCIInventory

/// Brings a machine's NICs to what a document declares, one physical function after another.
///
/// Between a look and a change an attachment may begin. So the virtual functions that a change would disturb are locked,
/// as the CNI program locks the one it attaches; then the machine is looked at and planned again, and that plan is done.
package struct HardwareReconciliation: Sendable {
    private let document: HardwareDocument
    private let reader: InventoryReader
    private let use: FunctionUse
    private let state: StateDirectory
    private let performer: StepPerformer
    private let lockSeconds: UInt64

    /// Names what is declared and how the machine is seen and changed.
    ///
    /// - Parameters:
    ///   - document: What is declared.
    ///   - reader: Looks at the machine.
    ///   - use: Finds who uses virtual functions.
    ///   - state: Where the locks of functions are.
    ///   - performer: Changes the machine.
    ///   - lockSeconds: How long to wait for an attachment that is being made or undone.
    package init(
        document: HardwareDocument,
        reader: InventoryReader,
        use: FunctionUse,
        state: StateDirectory,
        performer: StepPerformer,
        lockSeconds: UInt64 = 10
    ) {
        self.document = document
        self.reader = reader
        self.use = use
        self.state = state
        self.performer = performer
        self.lockSeconds = lockSeconds
    }

    /// The machine as it is now, and what is to be done to it.
    ///
    /// - Throws: ``ReconciliationError`` if the machine or the journals cannot be read.
    package func look() throws(ReconciliationError) -> (inventory: Inventory, plan: HardwarePlan) {
        let inventory: Inventory
        do throws(InventoryError) {
            inventory = try reader.read()
        } catch {
            throw .inventory(error)
        }
        let holders = try system { () throws(SystemError) in try use.holders(in: inventory) }
        return (inventory, document.plan(for: inventory, inUse: holders))
    }

    /// Looks whether the drivers are there that are not loaded by themselves, before anything is changed.
    ///
    /// - Throws: ``ReconciliationError/step(_:)`` for the first that is missing.
    package func requireDrivers(for plan: HardwarePlan) throws(ReconciliationError) {
        try step { () throws(StepFailure) in try performer.requireDrivers(for: plan.steps) }
    }

    /// Brings one physical function to what is declared for it, as it is now.
    ///
    /// - Parameters:
    ///   - pf: The function; nothing happens if nothing is declared for it.
    ///   - begin: Told of each step before it is taken.
    ///   - end: Told of each step that did not fail.
    /// - Throws: ``ReconciliationError`` of the first thing that failed; what was done before stays.
    package func bring(
        _ pf: PCIAddress,
        begin: (HardwareStep) -> Void = { _ in },
        end: (HardwareStep, StepPerformer.Outcome) -> Void = { _, _ in }
    ) throws(ReconciliationError) {
        let (inventory, plan) = try look()
        let isDisturbing = plan.steps.contains { $0.physicalFunction == pf && $0.disturbsVirtualFunctions }
        let disturbed = isDisturbing ? inventory.virtualFunctions(of: pf).map(\.address).sorted() : []
        if !disturbed.isEmpty { try system { () throws(SystemError) in try state.create() } }
        try locking(disturbed[...]) { () throws(ReconciliationError) in
            let now = disturbed.isEmpty ? plan : try look().plan
            guard let function = now.functions.first(where: { $0.address == pf }) else { return }
            guard function.problems.isEmpty else { throw .impossible(function.problems) }
            try step { () throws(StepFailure) in try performer.perform(function.steps, begin: begin, end: end) }
        }
    }

    /// Runs `body` with the locks of all `functions`, taken in the order of their addresses.
    private func locking(
        _ functions: ArraySlice<PCIAddress>,
        _ body: () throws(ReconciliationError) -> Void
    ) throws(ReconciliationError) {
        guard let first = functions.first else { return try body() }
        let lock: FileLock
        do throws(SystemError) {
            lock = try state.lock(function: first, until: .after(seconds: lockSeconds))
        } catch {
            throw .locked(first, error)
        }
        try locking(functions.dropFirst(), body)
        // The lock must outlive the body.
        _ = lock.path
    }

    private func system<Value>(_ call: () throws(SystemError) -> Value) throws(ReconciliationError) -> Value {
        do throws(SystemError) {
            return try call()
        } catch {
            throw .system(error)
        }
    }

    private func step(_ call: () throws(StepFailure) -> Void) throws(ReconciliationError) {
        do throws(StepFailure) {
            try call()
        } catch {
            throw .step(error)
        }
    }
}

/// Why a machine could not be brought to what is declared.
package enum ReconciliationError: Error, Sendable, Equatable {
    /// The PCI bus could not be listed.
    case inventory(InventoryError)
    /// The journals could not be read, or the state directory not be made.
    case system(SystemError)
    /// An attachment of this virtual function is being made or undone.
    case locked(PCIAddress, SystemError)
    /// The function cannot be what is declared.
    case impossible([HardwareProblem])
    case step(StepFailure)
}

extension HardwareStep {
    /// Whether virtual functions that are there are taken away or bound anew.
    fileprivate var disturbsVirtualFunctions: Bool {
        switch self {
        case .bringUp, .setMTU, .createVirtualFunctions: false
        case .removeVirtualFunctions, .bindDriver, .restoreDriver: true
        }
    }
}
