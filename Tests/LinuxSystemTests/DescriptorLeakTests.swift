import Glibc
import Scratch
import Testing

@testable import LinuxSystem

/// Counts the process's descriptors around many repetitions of an operation.
///
/// Other suites open and close beside this one: so each operation is repeated often enough to stand out, and of three
/// counts the middle one is taken. A leak is in all three.
@Suite struct DescriptorLeakTests {
    private let repetitions = 200

    private func growth(_ body: () throws -> Void) throws -> Int {
        let counts = try (0..<3).map { _ in
            let before = try Directory.entries("/proc/self/fd").count
            for _ in 0..<repetitions { try body() }
            return try Directory.entries("/proc/self/fd").count - before
        }
        return counts.sorted()[1]
    }

    @Test func `a leak would be seen`() throws {
        var leaked: [CInt] = []
        let growth = try growth { leaked.append(try Descriptor(opening: "/", flags: O_RDONLY).release()) }
        for number in leaked { close(number) }
        #expect(growth > repetitions / 2)
    }

    @Test func `nothing is left open, whether it succeeds or fails`() throws {
        let directory = try TemporaryDirectory()
        #expect(
            try growth {
                try File.write([1], to: directory("a"), isDurable: false)
                _ = try File.read(directory("a"), limit: 10)
                #expect(throws: SystemError.self) { try File.read(directory("a"), limit: 0) }
                #expect(throws: SystemError.self) { try File.write([1], to: directory("none/a")) }
                _ = try Directory.entries(directory.path)
                _ = try FileLock(directory("lock"), until: .now)
                _ = try NetworkNamespace.current()
                #expect(throws: SystemError.self) { _ = try NetworkNamespace(directory("a")) }
                #expect(throws: SystemError.self) { _ = try DirectoryWatch(directory("a")) }
                _ = try DirectoryWatch(directory.path)
                #expect(throws: SystemError.self) { _ = try UnixStream(connectingTo: directory("a"), until: .now) }
            } < repetitions / 2
        )
    }

    @Test func `children leave nothing open, whether they run or not`() throws {
        #expect(
            try growth {
                _ = try ChildProcess("/bin/true").run(until: .never)
                #expect(throws: SystemError.self) { _ = try ChildProcess("/none").run(until: .never) }
            } < repetitions / 2
        )
    }
}
