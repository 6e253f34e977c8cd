import Glibc
import Scratch
import Testing

@testable import LinuxSystem

@Suite struct DirectoryWatchTests {
    @Test func `what happens to names is told in order`() throws {
        let directory = try TemporaryDirectory()
        let watch = try DirectoryWatch(directory.path)
        try File.write([1], to: directory("a"), isDurable: false)
        try File.remove(directory("a"))
        let events = try watch.events(until: .after(seconds: 30))
        #expect(
            events.filter { $0.name == "a" } == [.init(kind: .appeared, name: "a"), .init(kind: .vanished, name: "a")]
        )
        #expect(events.contains { $0.kind == .written && $0.name.hasPrefix(".a.") })
    }

    @Test func `silence ends at the deadline`() throws {
        let directory = try TemporaryDirectory()
        #expect(try DirectoryWatch(directory.path).events(until: .after(milliseconds: 2)) == [])
    }

    @Test func `a directory that goes is said so`() throws {
        let directory = try TemporaryDirectory()
        try Directory.create(directory("sub"))
        let watch = try DirectoryWatch(directory("sub"))
        #expect(rmdir(directory("sub")) == 0)
        #expect(try watch.events(until: .after(seconds: 30)) == [.init(kind: .directoryGone, name: "")])
    }

    @Test func `a record cut off is not read, an overflow is`() {
        // inotify(7): watch, mask IN_Q_OVERFLOW 0x4000, cookie, length 0; then a record that claims 16 bytes of name.
        let overflow: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0x00, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let cut: [UInt8] = [1, 0, 0, 0, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0x61]
        #expect(DirectoryWatch.events(in: overflow + cut) == [.init(kind: .overflowed, name: "")])
    }

    @Test func `only a directory can be watched`() throws {
        #expect(throws: SystemError(call: "inotify_add_watch", subject: "/proc/self/stat", errno: ENOTDIR)) {
            _ = try DirectoryWatch("/proc/self/stat")
        }
    }
}
