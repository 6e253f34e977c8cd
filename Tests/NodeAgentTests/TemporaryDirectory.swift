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

    // What cannot be removed is left to whoever cleans the temporary directory.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
