import Glibc
import LinuxSystem

/// A directory of a test's own, removed with what is in it.
package final class TemporaryDirectory: Sendable {
    package let path: String

    /// Makes it below `/tmp`.
    package init() throws {
        var template = Array("/tmp/patchbay-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", subject: "/tmp", errno: errno) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// The path of something in it.
    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file.
    package func write(_ name: String, _ text: String) throws {
        try File.write(Array(text.utf8), to: self(name), isDurable: false)
    }

    /// Writes an executable shell script and returns its path.
    package func script(_ name: String, _ text: String) throws -> String {
        try File.write(Array("#!/bin/bash\n\(text)\n".utf8), to: self(name), mode: 0o755, isDurable: false)
        return self(name)
    }

    /// Makes a symbolic link.
    package func link(_ name: String, to target: String) throws {
        guard symlink(target, self(name)) == 0 else {
            throw SystemError(call: "symlink", subject: self(name), errno: errno)
        }
    }

    private static func remove(_ path: String) {
        // Best effort: what is left lies under /tmp.
        for name in (try? Directory.entries(path)) ?? [] where unlink("\(path)/\(name)") != 0 {
            remove("\(path)/\(name)")
        }
        rmdir(path)
    }
}
