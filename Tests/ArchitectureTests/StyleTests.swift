import Testing

@Suite struct StyleTests {
    private let tree: SourceTree

    init() throws { tree = try SourceTree() }

    @Test func `no function has more than 70 lines`() {
        for file in tree.files {
            for function in file.functionLengths {
                #expect(function.length <= 70, "\(file):\(function.line) \(function.name): \(function.length) lines")
            }
        }
    }

    @Test func `functions are found and measured`() {
        let file = SourceTree.File(
            path: "a.swift",
            target: "A",
            lines: ["    package func f() {", "        g()", "    }", "    init() { x = 1 }", "}"]
        )
        #expect(file.functionLengths.map(\.length) == [3])
    }

    @Test func `no file has more than 700 lines`() {
        for file in tree.files { #expect(file.lines.count <= 700, "\(file): \(file.lines.count) lines") }
    }

    @Test func `nothing traps on purpose`() {
        let trap = /\b(try!|as!|fatalError\(|unsafeBitCast)/
        for file in tree.files {
            for line in file.lines { #expect(line.firstMatch(of: trap) == nil, "\(file): \(line)") }
        }
    }

    @Test func `no type is named like its module`() {
        for file in tree.files {
            let declaration = try? Regex("\\b(struct|enum|class|actor|protocol) \(file.target)\\b")
            guard let declaration else { continue }
            for line in file.lines { #expect(line.firstMatch(of: declaration) == nil, "\(file): \(line)") }
        }
    }

    @Test func `a file is named for its subject`() {
        let empty = /(?i)(util|helper|manager|misc|common)/
        for file in tree.files { #expect(file.path.firstMatch(of: empty) == nil, "\(file)") }
    }

    @Test func `what other targets use is documented`() {
        let declared =
            /^ *(package|public) (static |mutating |borrowing |consuming |indirect |final )*(func|struct|enum|class|actor|protocol|init\(reading|init\(parsing)/
        // Witnesses are documented where their protocol is: the standard library's, and `Message` in Protobuf.
        let witness =
            /(var description|static func (==|<)|func hash|init\(.*Literal|let rawValue|init\(rawValue)/
        let messageWitness = /func (merge\(_ field: Field\)|write\(to writer: inout MessageWriter\))/
        for file in tree.files where !["patchbay", "patchbayd", "patchbay-cni"].contains(file.target) {
            for (index, line) in file.lines.enumerated() where line.firstMatch(of: declared) != nil {
                if line.firstMatch(of: witness) != nil || line.firstMatch(of: messageWitness) != nil { continue }
                let above = file.lines[..<index].last { !$0.contains(/^ *@/) } ?? ""
                #expect(above.contains("///"), "\(file):\(index + 1) \(line)")
            }
        }
    }
}
