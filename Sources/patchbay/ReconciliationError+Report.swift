import HardwareConfiguration
import HardwareReconciler
import LinuxSystem
import PCIInventory

extension ReconciliationError {
    /// What went wrong, what can be done about it, and what was `done` before, in lines.
    func report(after done: [String]) -> String {
        let before = done.isEmpty ? ["Nothing was changed."] : ["Done before, and left so:"] + done.map { "  \($0)" }
        let rest = done.isEmpty ? [] : ["What comes after was not tried; apply again goes on from here."]
        return (causes + before + rest).joined(separator: "\n").indentedBelowFirst
    }

    private var causes: [String] {
        switch self {
        case .inventory(let error): [error.description]
        case .system(let error): [error.description]
        case .locked(let function, let error):
            ["\(function) is being attached or given back just now; apply again.", error.description]
        case .impossible(let problems): problems.map(\.description)
        case .step(let failure):
            ["\(failure.step.physicalFunction): \(failure.step): \(failure.cause)"]
                + [failure.advice].compactMap(\.self)
        }
    }
}

extension String {
    /// Lines after the first stand under its text: the argument parser writes `Error: ` before it.
    var indentedBelowFirst: String {
        split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n       ")
    }
}
