import Glibc
import Scratch
import Testing

@testable import LinuxSystem

@Suite struct ChildProcessTests {
    let limit = Deadline.after(seconds: 60)

    private func bash(_ script: String, environment: [String: String] = [:]) -> ChildProcess {
        ChildProcess("/bin/bash", arguments: ["bash", "-c", script], environment: environment)
    }

    @Test func `input, outputs, environment and status pass through`() throws {
        var child = bash(
            "cat; echo \"$CNI_COMMAND $#\" >&2; exit 7",
            environment: ["CNI_COMMAND": "ADD", "PATH": "/bin"]
        )
        child.input = Array("{}".utf8)
        let outcome = try child.run(until: limit)
        #expect(outcome.ending == .exited(7))
        #expect(outcome.output.text == "{}")
        #expect(outcome.errorOutput.text == "ADD 0\n")
        #expect(!outcome.isOutputCut)
    }

    @Test func `nothing is added to the environment`() throws {
        let outcome = try ChildProcess("/usr/bin/env", environment: ["A": "b=c"]).run(until: limit)
        #expect(outcome.output.text == "A=b=c\n")
    }

    @Test func `a child that writes much before it reads does not deadlock`() throws {
        // Far more than a pipe holds, in both directions.
        var child = bash("head -c 1000000 /dev/zero; wc -c", environment: ["PATH": "/bin:/usr/bin"])
        child.input = [UInt8](repeating: 1, count: 1_000_000)
        child.outputLimit = 2_000_000
        let outcome = try child.run(until: limit)
        #expect(outcome.output.count == 1_000_008)
        #expect(outcome.output.suffix(8) == Array("1000000\n".utf8))
    }

    @Test func `a child that ends without reading its input is no error, and no signal reaches us`() throws {
        var child = bash("exec 0<&-; exit 3")
        child.input = [UInt8](repeating: 1, count: 1_000_000)
        #expect(try child.run(until: limit).ending == .exited(3))
    }

    @Test func `output beyond the limit is cut, said so, and the child is not held up`() throws {
        var child = bash("head -c 300000 /dev/zero; echo x >&2", environment: ["PATH": "/bin:/usr/bin"])
        child.outputLimit = 1000
        let outcome = try child.run(until: limit)
        #expect(outcome.ending == .exited(0))
        #expect(outcome.output.count == 1000)
        #expect(outcome.isOutputCut)
        #expect(!outcome.isErrorOutputCut)
    }

    @Test func `a signal that ends the child is reported as one`() throws {
        #expect(try bash("kill -TERM $$").run(until: limit).ending == .signalled(SIGTERM))
    }

    @Test(arguments: [ChildProcess.GroupMembership.own, .inherited])
    func `at the deadline the child and what it started are ended`(group: ChildProcess.GroupMembership) throws {
        var child = bash(
            "bash -c 'echo $BASHPID; exec sleep 1000' & echo $BASHPID; wait",
            environment: ["PATH": "/bin"]
        )
        child.group = group
        let outcome = try child.run(until: .after(milliseconds: 500))
        #expect(outcome.ending == .expired)
        let processes = outcome.output.text.split(separator: "\n").compactMap { pid_t($0) }
        #expect(processes.count == 2)
        for process in processes {
            // The grandchild is another's to reap: it may be seen once more as having ended.
            let deadline = Deadline.after(seconds: 10)
            while let status = try ProcessStatus(of: process), !status.hasEnded, !deadline.isPast {}
            #expect(try ProcessStatus(of: process)?.hasEnded ?? true)
        }
    }

    @Test func `a child that never stops writing is ended at the deadline too`() throws {
        let outcome = try ChildProcess("/usr/bin/yes").run(until: .after(milliseconds: 100))
        #expect(outcome.ending == .expired)
    }

    @Test func `a process that outlives the child with its output open is not waited for`() throws {
        var child = bash("sleep 1000 & echo $!", environment: ["PATH": "/bin"])
        child.inheritance = .only([])
        let outcome = try child.run(until: limit)
        #expect(outcome.ending == .exited(0))
        kill(try #require(pid_t(outcome.output.text.dropLast())), SIGKILL)
    }

    @Test func `group membership is as asked for`() throws {
        var child = bash("echo $$ $(cut -d' ' -f5 /proc/$$/stat)", environment: ["PATH": "/bin:/usr/bin"])
        let own = try child.run(until: limit).output.text.split(whereSeparator: \.isWhitespace)
        #expect(own.first == own.last)
        child.group = .inherited
        let inherited = try child.run(until: limit).output.text.split(whereSeparator: \.isWhitespace)
        #expect(inherited.last.flatMap { pid_t($0) } == getpgrp())
    }

    @Test func `a program that cannot be executed is an error with its path`() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: SystemError(call: "execve", subject: directory("none"), errno: ENOENT)) {
            try ChildProcess(directory("none")).run(until: limit)
        }
        try File.write([1, 2, 3, 4], to: directory("data"), mode: 0o755)
        #expect(throws: SystemError(call: "execve", subject: directory("data"), errno: ENOEXEC)) {
            try ChildProcess(directory("data")).run(until: limit)
        }
        #expect(throws: SystemError(call: "execve", subject: "a\0b", errno: EINVAL)) {
            try ChildProcess("/bin/true", environment: ["X": "1"], adding: "a\0b").run(until: limit)
        }
    }

    @Test func `an executable that is being written is tried again until the writer is done`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.script("plugin", "echo ran")
        var writer: Descriptor? = try Descriptor(opening: path, flags: O_WRONLY)
        #expect(throws: SystemError(call: "execve", subject: path, errno: ETXTBSY)) {
            try ChildProcess(path).run(until: .now)
        }
        // Closed by another thread while the first attempt's pause lasts.
        let number = writer.take()?.release() ?? -1
        var thread = pthread_t()
        #expect(
            pthread_create(
                &thread,
                nil,
                {
                    close(CInt(Int(bitPattern: $0))); return nil
                },
                UnsafeMutableRawPointer(bitPattern: Int(number))
            ) == 0
        )
        #expect(try ChildProcess(path).run(until: limit).output.text == "ran\n")
        pthread_join(thread, nil)
    }

    @Test func `only the descriptors named stay open, whatever their mark`() throws {
        let directory = try TemporaryDirectory()
        let kept = try Descriptor(opening: directory.path, flags: O_RDONLY)
        let lock = try FileLock(directory("lock"), until: .now)
        var child = bash("ls /proc/$$/fd", environment: ["PATH": "/bin"])
        child.inheritance = .only([kept.rawValue])
        let open = Set(try child.run(until: limit).output.text.split(separator: "\n").compactMap { CInt($0) })
        #expect(open.contains(kept.rawValue))
        #expect(!open.contains(lock.rawValue))
        child.inheritance = .only([])
        let none = Set(try child.run(until: limit).output.text.split(separator: "\n").compactMap { CInt($0) })
        #expect(!none.contains(kept.rawValue))
    }

    @Test func `signals are unblocked and have their standard action in the child`() throws {
        signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, SIG_DFL) }
        let child = ChildProcess(
            "/bin/sed",
            arguments: ["sed", "-n", "s/^Sig\\(Blk\\|Ign\\):\\t//p", "/proc/self/status"]
        )
        let masks = try child.run(until: limit).output.text.split(separator: "\n").compactMap { UInt64($0, radix: 16) }
        // 32 and 33 are the C library's own, which it lets nobody set.
        #expect(masks.map { $0 & ~(3 << 31) } == [0, 0])
    }
}

extension ChildProcess {
    fileprivate init(_ program: String, environment: [String: String], adding argument: String) {
        self.init(program, arguments: [program, argument], environment: environment)
    }
}

extension Array<UInt8> {
    var text: String { String(decoding: self, as: UTF8.self) }
}
