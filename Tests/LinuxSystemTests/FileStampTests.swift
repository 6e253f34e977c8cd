import Glibc
import Scratch
import Testing

@testable import LinuxSystem

@Suite struct FileStampTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a file made anew in the same place has another stamp, also on a reused inode`() throws {
        var stamps: Set<FileStamp> = []
        for _ in 0..<20 {
            try File.write([1], to: directory("a"), isDurable: false)
            stamps.insert(try #require(try FileStamp(of: directory("a"))))
            try File.remove(directory("a"))
            // The kernel's clock for files ticks every few milliseconds.
            var tick = timespec(tv_sec: 0, tv_nsec: 10_000_000)
            nanosleep(&tick, nil)
        }
        #expect(stamps.count == 20)
    }

    @Test func `links and permissions do not change it`() throws {
        try File.write([1], to: directory("a"))
        let before = try FileStamp(of: directory("a"))
        #expect(link(directory("a"), directory("b")) == 0)
        #expect(chmod(directory("a"), 0o640) == 0)
        #expect(try FileStamp(of: directory("a")) == before)
        #expect(try FileStamp(of: directory("b")) == before)
    }

    @Test func `nothing there has none`() throws {
        #expect(try FileStamp(of: directory("none")) == nil)
        #expect(try FileStamp(of: directory("none/below")) == nil)
    }
}
