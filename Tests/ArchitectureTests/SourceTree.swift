import Foundation

/// The Swift and C sources of this package as text.
struct SourceTree {
    struct File: CustomStringConvertible {
        /// From the top of the package: `Sources/HPACK/Huffman.swift`.
        let path: String
        let target: String
        let lines: [String]

        var description: String { path }
    }

    let files: [File]

    /// Reads every file below `folder` whose name ends in one of `suffixes`.
    init(below folder: String = "Sources", suffixes: [String] = [".swift"]) throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        self.files = try names.filter { name in suffixes.contains { name.hasSuffix($0) } }.sorted().map { name in
            let text = try String(contentsOf: root.appending(path: "\(folder)/\(name)"), encoding: .utf8)
            return File(
                path: "\(folder)/\(name)",
                target: String(name.prefix { $0 != "/" }),
                lines: text.components(separatedBy: "\n")
            )
        }
    }

    var targets: Set<String> { Set(files.map(\.target)) }
}

extension SourceTree.File {
    /// The modules this file imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }.map(String.init)
            guard let place = words.firstIndex(of: "import"), place <= 1, words.count > place + 1,
                ["import", "package", "public", "internal", "private"].contains(words[0])
            else { return nil }
            let kinds = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
            let named =
                kinds.contains(words[place + 1]) && words.count > place + 2 ? words[place + 2] : words[place + 1]
            return String(named.prefix { $0 != "." })
        }
    }

    /// Where functions start and how many lines they have, told by the indentation the formatter enforces.
    var functionLengths: [(line: Int, name: String, length: Int)] {
        var found: [(line: Int, name: String, length: Int)] = []
        let start = /^( *)(?:@[^ ]+ )*(?:[a-z()]+ )*(func [^(]+|init[?(<]|deinit )/
        for (index, line) in lines.enumerated() {
            guard let match = line.firstMatch(of: start) else { continue }
            let closing = match.1 + "}"
            guard let last = lines[index...].firstIndex(where: { $0 == closing }) else { continue }
            // A function on one line is followed by the closing brace of something else with the same indentation.
            if line.hasSuffix("}") { continue }
            found.append((index + 1, String(match.2), last - index + 1))
        }
        return found
    }
}
