import Foundation
import LinuxSystem

/// A directory of the test's own, removed with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString.prefix(8))").path
        try Directory.create(path)
    }

    func write(_ name: String, _ text: String) throws {
        try File.write(Array(text.utf8), to: "\(path)/\(name)", isDurable: false)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
    }

    // What cannot be removed is left to whoever cleans the temporary directory.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
