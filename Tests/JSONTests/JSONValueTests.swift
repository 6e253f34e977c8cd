import Testing

@testable import JSON

@Suite struct JSONValueTests {
    @Test(arguments: [
        #"{"cniVersion":"1.1.0","mtu":1500,"rate":1.50e3,"big":12345678901234567890123,"deep":[[{}],null,true,false,-0]}"#,
        #"{"z":1,"a":2,"m":{"y":[],"b":{}}}"#, #"[1,2,"three"]"#, #""text""#, "0", "null", "-0.0E-7",
    ])
    func `a text without white space comes out as it went in`(text: String) throws {
        #expect(try JSONValue(parsing: text).text == text)
    }

    // RFC 8259 §7
    @Test(arguments: [
        (#""\u0041\n\/\\\"""#, "A\n/\\\""), (#""\ud83d\ude00""#, "😀"), (#""é""#, "é"), (#""\u00e9""#, "é"),
        ("\"\\b\\f\\r\\t\"", "\u{8}\u{c}\r\t"),
    ])
    func `escapes are read`(text: String, expected: String) throws {
        #expect(try JSONValue(parsing: text) == .string(expected))
    }

    @Test func `control characters are written as escapes`() {
        #expect(JSONValue.string("\u{1}\n\"\\").text == #""\u0001\n\"\\""#)
    }

    @Test(arguments: [
        ("", JSONError.Reason.unexpectedEnd, 1, 1), ("{", .unexpectedEnd, 1, 2), ("[1,]", .unexpectedByte(0x5d), 1, 4),
        ("{\n \"a\": tru }", .unexpectedByte(0x20), 2, 10), ("01", .badNumber, 1, 2), ("1.", .unexpectedEnd, 1, 3),
        ("-", .unexpectedEnd, 1, 2), ("1 2", .textAfterValue, 1, 3), (#""\x""#, .badEscape, 1, 3),
        (#""\ud800""#, .loneSurrogate, 1, 4), (#""\udc00\ud800""#, .loneSurrogate, 1, 4),
        ("+1", .unexpectedByte(0x2b), 1, 1),
        ("{'a':1}", .unexpectedByte(0x27), 1, 2), (#"{"a" 1}"#, .unexpectedByte(0x31), 1, 6),
        ("\"a\nb\"", .unexpectedByte(0x0a), 1, 3),
    ])
    func `what is wrong is said with its place`(text: String, reason: JSONError.Reason, line: Int, column: Int) {
        #expect(throws: JSONError(reason: reason, line: line, column: column)) { try JSONValue(parsing: text) }
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22, 0xc3, 0x28, 0x22]) }
    }

    @Test func `nesting is limited`() throws {
        let limit = JSONValue.depthLimit
        let deepest = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
        #expect(try JSONValue(parsing: deepest).text == deepest)
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[" + deepest + "]") }
        #expect(error?.reason == .tooDeep)
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
    }

    @Test func `every beginning of a text is refused without a trap`() throws {
        let text = Array(#"{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00",true,null],"b":{"c":"é"}}"#.utf8)
        for count in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONValue(parsing: Array(text[..<count])) }
        }
    }

    @Test func `a changed byte never traps`() {
        let text = Array(#"{"a":[1,-2.5e+3,"x\u00e9\ud83d\ude00",true,null],"b":{"c":"é"}}"#.utf8)
        var generator = SystemRandomNumberGenerator()
        var accepted = 0
        for _ in 0..<20_000 {
            var changed = text
            changed[Int.random(in: 0..<text.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            guard let value = try? JSONValue(parsing: changed) else { continue }
            accepted += 1
            #expect((try? JSONValue(parsing: value.serialized())) == value)
        }
        #expect(accepted > 0)
    }

    @Test func `of two equal names the last one counts, at the first one's place`() throws {
        #expect(try JSONValue(parsing: #"{"a":1,"b":2,"a":3}"#).text == #"{"a":3,"b":2}"#)
    }

    @Test func `a member can be put in, replaced and taken out`() {
        var object: JSONObject = ["type": "sriov"]
        object["deviceID"] = "0000:01:10.0"
        object["type"] = "vlan"
        #expect(JSONValue.object(object).text == #"{"type":"vlan","deviceID":"0000:01:10.0"}"#)
        object["type"] = nil
        #expect(object.keys == ["deviceID"])
    }

    @Test func `objects are equal in any order, lists are not`() {
        #expect(JSONValue(dictionaryLiteral: ("a", 1), ("b", 2)) == ["b": 2, "a": 1])
        #expect(JSONValue(arrayLiteral: 1, 2) != [2, 1])
    }

    @Test func `a text for reading has one member a line`() {
        let value: JSONValue = ["a": [1, 2], "b": [:], "c": []]
        let expected = "{\n    \"a\": [\n        1,\n        2\n    ],\n    \"b\": {},\n    \"c\": []\n}\n"
        #expect(String(decoding: value.serializedForReading(), as: UTF8.self) == expected)
    }
}
