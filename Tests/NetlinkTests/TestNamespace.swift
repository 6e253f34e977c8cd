import Glibc
import LinuxSystem
import Testing

/// A named network namespace of a test's own.
final class TestNamespace: Sendable {
    let name: String

    init(_ name: String) throws {
        self.name = "pbn-\(getpid())-\(name)"
        try Self.run("netns", "add", self.name)
    }

    deinit {
        // Best effort: a namespace that stays shows in `ip netns`.
        _ = try? Self.run("netns", "del", name)
    }

    /// Opens it; it stays open beyond this object.
    func open() throws -> NetworkNamespace { try NetworkNamespace("/run/netns/" + name) }

    /// Runs `ip` in it and returns what it says.
    @discardableResult
    func ip(_ arguments: String...) throws -> String { try Self.run(["-n", name] + arguments) }

    @discardableResult
    private static func run(_ arguments: String...) throws -> String { try run(arguments) }

    private static func run(_ arguments: [String]) throws -> String {
        let outcome = try ChildProcess("/sbin/ip", arguments: ["ip"] + arguments).run(until: .after(seconds: 60))
        let text = String(decoding: outcome.output, as: UTF8.self)
        let complaint = String(decoding: outcome.errorOutput, as: UTF8.self)
        try #require(outcome.ending == .exited(0), "ip \(arguments.joined(separator: " ")): \(complaint)")
        return text
    }
}
