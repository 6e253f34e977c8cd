import Glibc
import Scratch
import Testing

@testable import LinuxSystem

@Suite struct FileLockTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a second taker gives up at its deadline and gets the lock once it is free`() throws {
        let path = directory("lock")
        func holdAndTry() throws {
            let first = try FileLock(path, until: .now)
            #expect(throws: SystemError(call: "flock", subject: path, errno: ETIMEDOUT)) {
                _ = try FileLock(path, until: .after(milliseconds: 5))
            }
            #expect(first.path == path)
        }
        try holdAndTry()
        // Not at once: a child of another test may have inherited the descriptor and keep it while it runs.
        _ = try FileLock(path, until: .after(seconds: 30))
    }

    @Test func `a child started under the lock keeps it after we let go`() throws {
        let path = directory("lock")
        // The child leaves a process behind that ends when its end of the fifo is closed.
        #expect(mkfifo(directory("fifo"), 0o600) == 0)
        func startUnderLock() throws {
            let lock = try FileLock(path, until: .now)
            var child = ChildProcess("/bin/bash")
            child.arguments = ["bash", "-c", "read < \(directory("fifo")) & echo started"]
            child.inheritance = .only([lock.rawValue])
            #expect(try child.run(until: .after(seconds: 30)).output.text == "started\n")
        }
        try startUnderLock()
        #expect(throws: SystemError.self) { _ = try FileLock(path, until: .now) }
        let fifo = try Descriptor(opening: directory("fifo"), flags: O_WRONLY)
        try fifo.write([10], to: "fifo")
        _ = try FileLock(path, until: .after(seconds: 30))
    }

    @Test func `a lock file that was removed meanwhile is not mistaken for the one that is there`() throws {
        let path = directory("lock")
        let old = try FileLock(path, until: .now)
        try File.remove(path)
        let new = try FileLock(path, until: .now)
        #expect(old.rawValue != new.rawValue)
        #expect(throws: SystemError.self) { _ = try FileLock(path, until: .now) }
    }
}
