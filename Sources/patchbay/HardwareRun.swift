import Glibc
import HardwareConfiguration
import HardwareReconciler
import LinuxSystem
import PCI

/// One `patchbay hardware apply`: the table before, the steps as they go, the table after.
struct HardwareRun {
    let machine: PlannedMachine
    let reconciliation: HardwareReconciliation

    func run() throws {
        do throws(ReconciliationError) {
            try reconciliation.requireDrivers(for: machine.plan)
        } catch {
            throw Complaint(error.report(after: []))
        }
        let addresses = machine.plan.functions.map(\.address)
        try Terminal.writeLines(NICTable(inventory: machine.inventory).table(of: addresses).lines() + [""])
        try Terminal.writeLines(machine.unmatched)
        // From here on nothing stops the work but its own failure, not even `| head`.
        signal(SIGPIPE, SIG_IGN)
        let printer = StepPrinter()
        for function in machine.plan.functions where !function.steps.isEmpty {
            Terminal.show(Terminal.bold(machine.title(of: function.address)) + "\n")
            try bring(function.address, printer)
        }
        let after = NICTable(inventory: try reconciliation.look().inventory).table(of: addresses).lines()
        try Terminal.writeLines([""] + after + ["", "Next: patchbay nics --all, patchbay pools"])
    }

    private func bring(_ pf: PCIAddress, _ printer: StepPrinter) throws {
        do throws(ReconciliationError) {
            try reconciliation.bring(pf, begin: printer.begin)
            printer.finish()
        } catch {
            if case .step(let failure) = error { printer.fail(after: failure.done) }
            throw Complaint(error.report(after: printer.done))
        }
    }
}
