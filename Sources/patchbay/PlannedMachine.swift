import HardwareConfiguration
import PCI

/// A machine as it is, and what is to be changed.
struct PlannedMachine {
    let inventory: Inventory
    let plan: HardwarePlan

    /// Stops before anything is done if a part of the plan is impossible.
    ///
    /// - Throws: ``Complaint`` with every problem.
    func requireNoProblem() throws {
        guard !plan.problems.isEmpty else { return }
        let lines = plan.problems.map(\.description) + ["Nothing was changed." + advice]
        throw Complaint(lines.joined(separator: "\n").indentedBelowFirst)
    }

    private var advice: String {
        let isHeld = plan.problems.contains { if case .inUse = $0.reason { true } else { false } }
        return isHeld ? " Delete the pods or end the processes that hold them first." : ""
    }

    /// Declarations that say nothing about this machine.
    var unmatched: [String] { plan.unmatched.map { "\($0) matches no NIC of this machine." } }

    /// The plan for a person, function by function.
    var summary: [String] {
        guard !plan.steps.isEmpty else {
            let count = plan.functions.count
            let verdict = count == 0 ? "Nothing to do." : "Nothing to do: \(counted(count, "NIC")) as declared."
            return unmatched + [verdict]
        }
        let functions = plan.functions.flatMap { function in
            [Terminal.bold(title(of: function.address))]
                + (function.steps.isEmpty ? ["  as declared"] : StepGroup.groups(function.steps).map { "  \($0.text)" })
        }
        return unmatched + functions
    }

    /// `0000:01:00.0 enp1s0`.
    func title(of address: PCIAddress) -> String {
        let names = inventory[address]?.interfaces.map(\.name) ?? []
        return ([address.description] + names).joined(separator: " ")
    }
}
