import Glibc
import Scratch
import Testing

@testable import LinuxSystem

/// A named network namespace of a test's own.
final class TestNamespace: Sendable {
    let name: String
    var path: String { "/run/netns/" + name }

    init(_ name: String) throws {
        self.name = "pb-\(getpid())-\(name)"
        try Self.ip("netns", "add", self.name)
    }

    deinit {
        // Best effort: a failure shows in the next run's `ip netns add`.
        try? Self.ip("netns", "del", name)
    }

    static func ip(_ arguments: String...) throws {
        let outcome = try ChildProcess("/sbin/ip", arguments: ["ip"] + arguments).run(until: .after(seconds: 60))
        guard outcome.ending == .exited(0) else { throw Refused(text: outcome.errorOutput.text) }
    }

    struct Refused: Error {
        let text: String
    }
}

@Suite struct NetworkNamespaceTests {
    @Test func `work runs in the namespace and leaves ours alone`() throws {
        let test = try TestNamespace("run")
        let before = try NetworkNamespace.current().identity
        let namespace = try NetworkNamespace(test.path)
        #expect(namespace.identity != before)
        let inside = try namespace.run { () throws(SystemError) in try NetworkNamespace.current().identity }
        #expect(inside == namespace.identity)
        // A new namespace has a loopback interface that is down, and nothing else.
        let links = try namespace.run { () throws(SystemError) in
            try File.read("/proc/thread-self/net/dev", limit: 10_000).text.split(separator: "\n").count
        }
        #expect(links == 3)
        #expect(try NetworkNamespace.current().identity == before)
    }

    @Test func `a setting written there is that namespace's`() throws {
        let test = try TestNamespace("sysctl")
        let namespace = try NetworkNamespace(test.path)
        let path = "/proc/sys/net/ipv4/conf/default/arp_notify"
        let before = try Attribute.read(path)
        try namespace.run { () throws(SystemError) in try Attribute.write("1", to: path) }
        #expect(try namespace.run { () throws(SystemError) in try Attribute.read(path) } == "1")
        #expect(try Attribute.read(path) == before)
    }

    @Test func `what the work throws comes back as it was`() throws {
        struct Broken: Error, Equatable {}
        let namespace = try NetworkNamespace.current()
        let result: Result<Int, Broken> = try namespace.run { () throws(Broken) -> Int in throw Broken() }
        #expect(throws: Broken()) { try result.get() }
    }

    @Test func `the thread made for the work is another one, and is gone afterwards`() throws {
        let namespace = try NetworkNamespace.current()
        let ours = try File.linkName("/proc/thread-self")
        let thread = try #require(
            try namespace.run { () throws(SystemError) -> String? in
                let thread = try File.linkName("/proc/thread-self") ?? ""
                return try File.exists("/proc/self/task/" + thread) ? thread : nil
            }
        )
        #expect(thread != ours)
        // It is joined a moment before the kernel takes it off the list.
        let deadline = Deadline.after(seconds: 30)
        while try File.exists("/proc/self/task/" + thread), !deadline.isPast {}
        #expect(try !File.exists("/proc/self/task/" + thread))
    }

    @Test func `a descriptor opened there can be carried out`() throws {
        let test = try TestNamespace("carry")
        let namespace = try NetworkNamespace(test.path)
        let carried = try namespace.run { () throws(SystemError) in try NetworkNamespace.current() }
        #expect(carried.identity == namespace.identity)
    }

    @Test func `what is no network namespace is refused`() throws {
        let directory = try TemporaryDirectory()
        try File.write([], to: directory("file"), isDurable: false)
        for path in [directory("file"), "/proc/self/ns/mnt"] {
            #expect(throws: SystemError(call: "setns", subject: path, errno: EINVAL)) { _ = try NetworkNamespace(path) }
            #expect(try !NetworkNamespace.exists(path))
        }
        #expect(try !NetworkNamespace.exists(directory("none")))
        #expect(try NetworkNamespace.exists("/proc/self/ns/net"))
        #expect(throws: SystemError(call: "open", subject: directory("none"), errno: ENOENT)) {
            _ = try NetworkNamespace(directory("none"))
        }
    }

    @Test func `a namespace held open outlives its name`() throws {
        func hold() throws -> NetworkNamespace {
            let test = try TestNamespace("held")
            let namespace = try NetworkNamespace(test.path)
            withExtendedLifetime(test) {}
            return namespace
        }
        let namespace = try hold()
        #expect(
            try namespace.run { () throws(SystemError) in try NetworkNamespace.current().identity }
                == namespace.identity
        )
        #expect(try !NetworkNamespace.exists(namespace.path))
    }
}
