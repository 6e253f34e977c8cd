package import AttachmentStore
import LinuxSystem
package import Logging
import NIOPosix

/// Has functions and interfaces returned whose owner is gone, by running `patchbay-cni reconcile` as a child.
///
/// The work is the CNI program's, under the same locks as its other operations; the daemon only says when.
package struct RepairRunner: Sendable {
    private let program: String
    private let pluginPath: String
    private let state: StateDirectory
    private let logger: Logger

    /// Names the program, the directories of delegates (`CNI_PATH`) and of the journals.
    package init(program: String, pluginPath: String, state: StateDirectory, logger: Logger) {
        self.program = program
        self.pluginPath = pluginPath
        self.state = state
        self.logger = logger
    }

    /// Runs the program once and waits for it, at most two minutes.
    ///
    /// - Returns: Whether everything that was found could be undone.
    package func repair() async -> Bool {
        do {
            let child = child
            let outcome = try await NIOThreadPool.singleton.runIfActive { try child.run(until: .after(seconds: 120)) }
            for line in String(decoding: outcome.output, as: UTF8.self).split(separator: "\n") {
                logger.notice("repair", metadata: ["outcome": "\(line)"])
            }
            guard outcome.ending != .exited(0) else { return true }
            let reason = String(decoding: outcome.errorOutput.prefix(2000), as: UTF8.self)
            logger.warning(
                "repair is not complete, it will be tried again",
                metadata: ["ending": "\(outcome.ending)", "reason": "\(reason)"]
            )
        } catch {
            logger.error("repair could not be run", metadata: ["program": "\(program)", "reason": "\(error)"])
        }
        return false
    }

    private var child: ChildProcess {
        var environment = Environment.variables().filter { $0.key == "PATH" }
        environment["CNI_PATH"] = pluginPath
        environment[StateDirectory.variable] = state.path
        var child = ChildProcess(program, arguments: [program, "reconcile"], environment: environment)
        child.inheritance = .only([])
        return child
    }
}
