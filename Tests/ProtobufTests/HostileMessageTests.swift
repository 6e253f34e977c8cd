import Testing

@testable import Protobuf

@Suite struct HostileMessageTests {
    @Test(arguments: [
        ("0a", ProtobufError.truncated(needed: 1, available: 0)), ("0a 05 61", .truncated(needed: 5, available: 1)),
        ("0a ffffffffffffffffff01", .truncated(needed: .max, available: 0)),
        ("10 80", .truncated(needed: 1, available: 0)), ("79 00", .truncated(needed: 8, available: 1)),
        ("7d 00", .truncated(needed: 4, available: 1)), ("4a 01 80", .truncated(needed: 1, available: 0)),
        ("10 ffffffffffffffffff02", .varintTooLong), ("10 8080808080808080808000", .varintTooLong),
        ("00 00", .badKey(0)), ("02 00", .badKey(2)), ("8080808010", .badKey(1 << 32)),
        ("0e", .unknownWireType(6, field: 1)), ("0f", .unknownWireType(7, field: 1)),
        ("0c", .unmatchedGroupEnd(field: 1)), ("7b 0c", .unmatchedGroupEnd(field: 1)),
        ("7b", .unfinishedGroup(field: 15)), ("7b 83 01 84 01", .unfinishedGroup(field: 15)),
        ("0a 01 ff", .notUTF8(field: 1)), ("0a 03 eda080", .notUTF8(field: 1)), ("42 02 c080", .notUTF8(field: 8)),
        ("52 03 0a01 80", .notUTF8(field: 1)), ("5a 01 80", .notUTF8(field: 11)),
    ])
    func `malformed bytes are refused with their cause`(hex: String, error: ProtobufError) {
        #expect(throws: error) { try decode(hex) }
    }

    @Test func `nesting ends at the limit`() throws {
        // The outermost message is level 1 and the wrapper in it level 2.
        func nested(_ levels: Int) -> Wrapper {
            (0..<levels).reduce(Wrapper()) { inner, _ in Wrapper(name: "", inside: [inner]) }
        }
        let deepest = nested(MessageReader.depthLimit - 1)
        #expect(try Wrapper(decoding: deepest.encoded()) == deepest)
        #expect(throws: ProtobufError.tooDeep(limit: MessageReader.depthLimit)) {
            try Wrapper(decoding: nested(MessageReader.depthLimit).encoded())
        }
    }

    @Test func `groups of an unknown field nest to the same limit`() throws {
        func groups(_ count: Int) -> [UInt8] {
            Array(repeating: 0x7b, count: count) + Array(repeating: 0x7c, count: count)
        }
        #expect(try Sample(decoding: groups(MessageReader.depthLimit - 1)) == Sample())
        #expect(throws: ProtobufError.tooDeep(limit: MessageReader.depthLimit)) {
            try Sample(decoding: groups(MessageReader.depthLimit))
        }
    }

    @Test func `a repeated field has a limit on its elements`() throws {
        let limit = MessageReader.elementLimit
        let empty = Array(repeating: bytes("42 00"), count: limit).flatMap { $0 }
        #expect(try Sample(decoding: empty).names.count == limit)
        #expect(throws: ProtobufError.tooManyElements(field: 8, limit: limit)) {
            try Sample(decoding: empty + bytes("42 00"))
        }
        var packed = Sample()
        packed.numbers = Array(repeating: 0, count: limit + 1)
        #expect(throws: ProtobufError.tooManyElements(field: 9, limit: limit)) {
            try Sample(decoding: packed.encoded())
        }
    }

    @Test func `random bytes decode or are refused`() {
        var generator = SystemRandomNumberGenerator()
        var accepted = 0
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...24, using: &generator)
            let noise = (0..<length).map { _ in
                // Small numbers are more often a key or a length that fits.
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...0x62, using: &generator) : UInt8.random(in: 0...255, using: &generator)
            }
            // What is refused is refused by an error; a trap would end the test run.
            guard let sample = try? Sample(decoding: noise) else { continue }
            accepted += 1
            #expect((try? Sample(decoding: sample.encoded())) == sample)
        }
        #expect(accepted > 100)
    }
}
