import AttachmentStore
import LinuxSystem
import Logging
import Scratch
import Testing

@testable import NodeAgent

@Suite struct RepairRunnerTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func runner(_ script: String) throws -> RepairRunner {
        let program = "\(directory.path)/patchbay-cni"
        try File.write(Array("#!/bin/sh\n\(script)\n".utf8), to: program, mode: 0o755, isDurable: false)
        return RepairRunner(
            program: program,
            pluginPath: "/opt/a:/opt/b",
            state: StateDirectory("\(directory.path)/state"),
            logger: Logger(label: "test")
        )
    }

    @Test func `the program is told what to do, where the journals and the plugins are, and nothing else`() async throws
    {
        let runner = try runner("echo \"$1 $CNI_PATH $PATCHBAY_STATE_DIRECTORY $HOME\" > \(directory.path)/seen")
        #expect(await runner.repair())
        let seen = String(decoding: try File.read("\(directory.path)/seen", limit: 1000), as: UTF8.self)
        #expect(seen == "reconcile /opt/a:/opt/b \(directory.path)/state \n")
    }

    @Test(arguments: ["exit 1", "kill -9 $$"]) func `a failure is told`(script: String) async throws {
        let runner = try runner(script)
        #expect(await runner.repair() == false)
    }

    @Test func `a program that is not there is a failure and no end`() async {
        let runner = RepairRunner(
            program: "/nonexistent/patchbay-cni",
            pluginPath: "",
            state: StateDirectory(directory.path),
            logger: Logger(label: "test")
        )
        #expect(await runner.repair() == false)
    }
}
