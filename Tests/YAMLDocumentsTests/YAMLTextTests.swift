import JSON
import Testing
import YAMLDocuments

@Suite struct YAMLTextTests {
    @Test(arguments: [
        // YAML 1.2.2 §10.3.2, core schema, and where we are stricter.
        ("8086", JSONValue.number(JSONNumber(8086))), ("\"8086\"", "8086"), ("'8086'", "8086"), ("!!str 8086", "8086"),
        ("10c9", "10c9"), ("0100", "0100"), ("0x1f", "0x1f"), ("0o17", "0o17"), ("1_000", "1_000"), ("+1", "+1"),
        ("12:30", "12:30"), (".5", ".5"), (".inf", ".inf"), ("-7", -7), ("yes", "yes"), ("on", "on"), ("true", true),
        ("False", false), ("~", nil), ("null", nil), ("\"null\"", "null"), ("\"\"", ""), ("2001-01-01", "2001-01-01"),
        ("0-4", "0-4"), ("0000:01:00.0", "0000:01:00.0"),
    ])
    func `an unquoted word means what it says`(text: String, value: JSONValue) throws {
        #expect(try YAMLText.document("k: \(text)")["k"] == value)
    }

    @Test func `a hexadecimal number that looks like a float keeps its letters`() throws {
        #expect(try YAMLText.document("10e9").text == "10e9")
    }

    @Test func `maps and lists keep their order`() throws {
        let value = try YAMLText.document(
            """
            # comment
            nics:
              - match: {vendors: ["8086"], devices: ["10c9"]}
                virtualFunctions: 7
            pools: []
            """
        )
        #expect(
            value.text
                == #"{"nics":[{"match":{"vendors":["8086"],"devices":["10c9"]},"virtualFunctions":7}],"pools":[]}"#
        )
    }

    @Test func `JSON is read as JSON`() throws {
        let text = #"{"a": "\ud83d\ude00", "b": [1.50, null], "c": "x\/y"}"#
        #expect(try YAMLText.document(text).text == #"{"a":"😀","b":[1.50,null],"c":"x/y"}"#)
    }

    @Test func `an empty text is null, and empty documents are left out`() throws {
        #expect(try YAMLText.document("") == .null)
        #expect(try YAMLText.document("# nothing\n") == .null)
        #expect(try YAMLText.documents("---\na: 1\n---\n---\nb: 2\n") == [["a": 1], ["b": 2]])
    }

    @Test func `several documents are refused where one is expected`() {
        let error = #expect(throws: YAMLSyntaxError.self) { try YAMLText.document("a: 1\n---\nb: 2\n") }
        #expect(error?.reason.contains("2 documents") == true)
    }

    @Test(arguments: [
        ("a: 1\nb: [1, 2\nc: 3\n", 3), ("a: b: c\n", 1), ("a: 1\n\tb: 2\n", 2), ("a: 1\na: 2\n", 1),
        ("? [x]\n: 1\n", 1),
        ("{\"a\": 1,,}", 1),
    ])
    func `a mistake is named with its line`(text: String, line: Int) {
        let error = #expect(throws: YAMLSyntaxError.self) { try YAMLText.document(text) }
        #expect(error?.line == line, "\(String(describing: error))")
        #expect(error?.reason.isEmpty == false)
    }

    @Test func `aliases stand for what they name`() throws {
        #expect(try YAMLText.document("a: &x [1]\nb: *x\n").text == #"{"a":[1],"b":[1]}"#)
    }

    @Test func `aliases to aliases cannot fill the memory`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            let item = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: item, count: 9).joined(separator: ", "))]\n"
        }
        let error = #expect(throws: YAMLSyntaxError.self) { try YAMLText.document(text) }
        #expect(error?.reason.contains("values") == true)
    }

    @Test func `deep nesting is refused`() {
        let text = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: YAMLSyntaxError.self) { try YAMLText.document(text) }
    }
}
