import Glibc

@testable import LinuxSystem

/// A directory of a test's own, removed with what is in it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/patchbay-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp", subject: "/tmp", errno: errno) }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Self.remove(path) }

    func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// Writes an executable shell script and returns its path.
    func script(_ name: String, _ text: String) throws -> String {
        try File.write(Array("#!/bin/bash\n\(text)\n".utf8), to: self(name), mode: 0o755, isDurable: false)
        return self(name)
    }

    private static func remove(_ path: String) {
        // Best effort: what is left lies under /tmp.
        for name in (try? Directory.entries(path)) ?? [] {
            if unlink(path + "/" + name) != 0 { remove(path + "/" + name) }
        }
        rmdir(path)
    }
}

extension Array<UInt8> {
    var text: String { String(decoding: self, as: UTF8.self) }
}
