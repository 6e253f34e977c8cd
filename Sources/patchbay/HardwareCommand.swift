import ArgumentParser
import AttachmentStore
import Glibc
import HardwareConfiguration
import HardwareReconciler
import LinuxSystem
import PCI
import PCIInventory
import YAMLDocuments

/// `patchbay hardware`: what a configuration would change, and changing it.
struct HardwareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hardware",
        abstract: "Brings NICs to what a configuration declares: virtual functions, MTU, drivers.",
        subcommands: [Plan.self, Apply.self]
    )

    struct Plan: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what apply would do, and changes nothing.")

        @OptionGroup var options: HardwareOptions

        func run() throws {
            let machine = try options.reconciliation().planned()
            try machine.requireNoProblem()
            try Terminal.writeLines(machine.summary)
            if !machine.plan.steps.isEmpty {
                try Terminal.writeLines(["", "Next: patchbay hardware apply \(options.path)"])
            }
        }
    }

    struct Apply: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Does what plan shows.",
            discussion: """
                Virtual functions that are in use are never taken away. A run that failed half-way can be repeated: it \
                goes on from where it stopped.
                """
        )

        @OptionGroup var options: HardwareOptions

        func run() throws {
            let reconciliation = try options.reconciliation()
            let machine = try reconciliation.planned()
            try machine.requireNoProblem()
            guard !machine.plan.steps.isEmpty else { return try Terminal.writeLines(machine.summary) }
            guard geteuid() == 0 else {
                throw Complaint("changing hardware needs root (patchbay hardware plan \(options.path) does not)")
            }
            try HardwareRun(machine: machine, reconciliation: reconciliation).run()
        }
    }
}

/// What `plan` and `apply` are told.
struct HardwareOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The configuration, YAML or JSON; ready ones are in hwconfig/.", valueName: "file"))
    var path: String

    @Option(help: ArgumentHelp("Where sysfs is mounted.", valueName: "root"))
    var sysfs = "/sys"

    func reconciliation() throws -> HardwareReconciliation {
        let state = StateDirectory(environment: Environment.variables())
        return HardwareReconciliation(
            document: try HardwareFile(forPerson: path).document,
            reader: InventoryReader(sysfs: sysfs),
            use: try FunctionUse(sysfs: sysfs, state: state),
            state: state,
            performer: StepPerformer(sysfs: sysfs)
        )
    }
}

extension HardwareReconciliation {
    /// The machine as it is, and what is to be changed.
    func planned() throws -> PlannedMachine {
        do throws(ReconciliationError) {
            let (inventory, plan) = try look()
            return PlannedMachine(inventory: inventory, plan: plan)
        } catch {
            throw Complaint(error.report(after: []))
        }
    }
}
