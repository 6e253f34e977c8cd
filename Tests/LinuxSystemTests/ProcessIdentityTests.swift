import Glibc
import Scratch
import Testing

@testable import LinuxSystem

@Suite struct ProcessIdentityTests {
    @Test func `we run, and not as the process that had our number before`() throws {
        let current = try ProcessIdentity.current()
        #expect(current.process == getpid())
        #expect(try current.isRunning())
        let earlier = ProcessIdentity(process: current.process, startTicks: current.startTicks - 1)
        #expect(try !earlier.isRunning())
    }

    @Test func `a command's name may hold blanks and parentheses`() throws {
        // proc_pid_stat(5); the numbers are those of a line of Linux 6.18.
        let line = "12 (a) (b) c) S 1 13 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 0 0"
        let status = try #require(ProcessStatus(Array(line.utf8)))
        #expect(status.process == 12)
        #expect(status.parent == 1)
        #expect(status.group == 13)
        #expect(status.startTicks == 4711)
        #expect(!status.hasEnded)
    }

    @Test(arguments: ["", "12", "12 (a", "12 (a) S 1 2", "x (a) S 1 13 12 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 4711 0"])
    func `a line of another shape is refused`(line: String) {
        #expect(ProcessStatus(Array(line.utf8)) == nil)
    }

    @Test func `boot id and host name are the kernel's`() throws {
        #expect(try Boot.id().count == 36)
        #expect(try Boot.id() == Boot.id())
        #expect(try !Boot.hostName().isEmpty)
    }
}

@Suite struct ProcessGroupTests {
    /// Starts a shell that leads a group and starts a sleeper in it; the shell ends, or becomes a sleeper itself.
    private func startGroup(leaderStays: Bool) throws -> ProcessGroup {
        let directory = try TemporaryDirectory()
        let script = try directory.script(
            "operation",
            """
            sleep 1000 &
            cut -d' ' -f1,22 /proc/$$/stat > \(directory("numbers.new"))
            mv \(directory("numbers.new")) \(directory("numbers"))
            \(leaderStays ? "exec sleep 1000" : "")
            """
        )
        var child = ChildProcess("/bin/bash", environment: ["PATH": "/bin:/usr/bin"])
        child.arguments = ["bash", "-c", "setsid --fork \(script) > /dev/null 2>&1 < /dev/null"]
        // It lives long: it must not keep the locks of other tests.
        child.inheritance = .only([])
        #expect(try child.run(until: .after(seconds: 30)).ending == .exited(0))
        let deadline = Deadline.after(seconds: 30)
        while try !File.exists(directory("numbers")), !deadline.isPast {}
        let numbers = try File.read(directory("numbers"), limit: 100).text.split(whereSeparator: \.isWhitespace)
        let process = try #require(numbers.first.flatMap { Int32($0) })
        let start = try #require(numbers.last.flatMap { UInt64($0) })
        let leader = ProcessIdentity(process: process, startTicks: start)
        while !leaderStays, try leader.isRunning(), !deadline.isPast {}
        return ProcessGroup(leader: leader)
    }

    @Test func `a group whose leader ended still runs, and is ended`() throws {
        let group = try startGroup(leaderStays: false)
        #expect(try !group.leader.isRunning())
        #expect(try group.members().count == 1)
        try group.end(until: .after(seconds: 30))
        #expect(try !group.isRunning())
        // Again: what is gone is ended already.
        try group.end(until: .now)
    }

    @Test func `a group of the same number that another process leads is not ours`() throws {
        let group = try startGroup(leaderStays: true)
        let stale = ProcessGroup(
            leader: ProcessIdentity(process: group.leader.process, startTicks: group.leader.startTicks - 1)
        )
        #expect(try !stale.isRunning())
        try stale.end(until: .now)
        #expect(try group.isRunning())
        try group.end(until: .after(seconds: 30))
        #expect(try !group.isRunning())
    }

    @Test func `our own group is never ended`() throws {
        let own = ProcessGroup(leader: ProcessIdentity(process: getpgrp(), startTicks: 0))
        #expect(throws: SystemError.self) { try own.end(until: .now) }
    }
}
