import HardwareConfiguration
import HardwareReconciler
import LinuxSystem
import PCI
import PCIInventory

/// One `patchbay hardware apply`: the table before, the steps as they go, the table after.
struct HardwareRun {
    let machine: PlannedMachine
    let reader: InventoryReader

    func run() throws {
        do throws(StepFailure) {
            try StepPerformer(sysfs: machine.sysfs).requireDrivers(for: machine.plan.steps)
        } catch {
            throw Complaint(report(error, []))
        }
        let addresses = machine.plan.functions.map(\.address)
        try Terminal.writeLines(NICTable(inventory: machine.inventory).table(of: addresses).lines() + [""])
        try Terminal.writeLines(machine.plan.unmatched.map { "\($0) matches no NIC of this machine." })
        var done: [String] = []
        for function in machine.plan.functions where !function.steps.isEmpty {
            try Terminal.writeLines([Terminal.bold(machine.title(of: function.address))])
            for group in StepGroup.groups(function.steps) {
                try perform(group, after: done)
                done.append("\(function.address): \(group.text)")
            }
        }
        let after = NICTable(inventory: try reader.read()).table(of: addresses).lines()
        try Terminal.writeLines([""] + after + ["", "Next: patchbay nics --all, patchbay pools"])
    }

    private func perform(_ group: StepGroup, after done: [String]) throws {
        // A person sees what takes its time while it does; a file gets whole lines.
        if Terminal.isInteractive { try Terminal.write("  \(group.text) …") }
        let start = MonotonicClock.now()
        do throws(StepFailure) {
            try StepPerformer(sysfs: machine.sysfs).perform(group.steps)
        } catch {
            if Terminal.isInteractive { try Terminal.write("\n") }
            throw Complaint(report(error, done))
        }
        let tenths = (MonotonicClock.now() - start) / 100_000_000
        let time = tenths >= 10 ? " (\(tenths / 10).\(tenths % 10) s)" : ""
        try Terminal.write((Terminal.isInteractive ? "\r" : "") + "  \(group.text): done\(time)\n")
    }

    private func report(_ failure: StepFailure, _ done: [String]) -> String {
        let taken = done + failure.done.map { "\($0.physicalFunction): \($0)" }
        let before =
            taken.isEmpty ? ["Nothing was changed before."] : ["Done before, and left so:"] + taken.map { "  \($0)" }
        let lines =
            ["\(failure.step.physicalFunction): \(failure.step): \(failure.cause)", failure.advice].compactMap(\.self)
            + before + ["What comes after was not tried; apply again goes on from here."]
        return lines.joined(separator: "\n       ")
    }
}
