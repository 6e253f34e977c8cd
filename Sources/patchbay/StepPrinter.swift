import HardwareConfiguration
import HardwareReconciler
import LinuxSystem

/// Prints steps as they go; neighbours that a reader takes for one share a line.
///
/// A terminal shows a line while its steps are taken, since drivers may need seconds; a file gets whole lines.
final class StepPrinter {
    private var group: StepGroup?
    private var start: UInt64 = 0
    /// What was printed as done, for a report of what came before a failure.
    private(set) var done: [String] = []

    /// A step begins.
    func begin(_ step: HardwareStep) {
        if var open = group, open.take(step) {
            group = open
        } else {
            finish()
            group = StepGroup(step)
            start = MonotonicClock.now()
        }
        guard Terminal.isInteractive, let group else { return }
        Terminal.show("\r  \(group.text) …")
    }

    /// All steps that began are done.
    func finish() {
        guard let group else { return }
        let tenths = (MonotonicClock.now() - start) / 100_000_000
        let time = tenths >= 10 ? " (\(tenths / 10).\(tenths % 10) s)" : ""
        Terminal.show((Terminal.isInteractive ? "\r" : "") + "  \(group.text): done\(time)\n")
        done.append("\(group.first.physicalFunction): \(group.text)")
        self.group = nil
    }

    /// The last step that began failed; the steps in `taken` were done.
    func fail(after taken: [HardwareStep]) {
        guard let group else { return }
        if Terminal.isInteractive { Terminal.show("\n") }
        done += StepGroup.groups(taken.suffix(max(0, group.steps.count - 1))).map {
            "\($0.first.physicalFunction): \($0.text)"
        }
        self.group = nil
    }
}
