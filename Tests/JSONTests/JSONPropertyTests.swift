import JSON
import Testing

@Suite struct JSONPropertyTests {
    @Test(arguments: 0..<100)
    func `made-up values come back as they were, in both forms`(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let value = made(depth: 5, &dice)
        #expect(try JSONValue(parsing: value.serialized()) == value)
        #expect(try JSONValue(parsing: value.serializedForReading()) == value)
    }

    @Test(arguments: 0..<100)
    func `blanks between the parts change nothing`(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let value = made(depth: 4, &dice)
        var isInString = false
        var isEscaped = false
        var spread: [UInt8] = []
        for octet in value.serialized() {
            let isMark = "[]{}:,".utf8.contains(octet) && !isInString
            if isMark { spread += blanks(&dice) }
            spread.append(octet)
            if isMark { spread += blanks(&dice) }
            if octet == UInt8(ascii: "\""), !isEscaped { isInString.toggle() }
            isEscaped = octet == UInt8(ascii: "\\") && !isEscaped
        }
        #expect(try JSONValue(parsing: spread) == value)
    }

    private func blanks(_ dice: inout Dice) -> [UInt8] {
        (0..<Int.random(in: 0..<3, using: &dice)).map { _ in [0x20, 0x09, 0x0a, 0x0d].randomElement(using: &dice) ?? 0 }
    }

    private func made(depth: Int, _ dice: inout Dice) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &dice) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &dice))
        case 2: return .number(JSONNumber(Int64.random(in: .min ... .max, using: &dice)))
        case 3, 4: return .string(text(&dice))
        case 5, 6: return .array((0..<Int.random(in: 0..<5, using: &dice)).map { _ in made(depth: depth - 1, &dice) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0..<5, using: &dice) { object[text(&dice)] = made(depth: depth - 1, &dice) }
            return .object(object)
        }
    }

    /// Characters of every length in UTF-8, and those that have to be escaped.
    private func text(_ dice: inout Dice) -> String {
        let ranges: [ClosedRange<UInt32>] = [0...0x7f, 0x20...0x7e, 0x80...0x7ff, 0x800...0xd7ff, 0x1_0000...0x10_ffff]
        var text = ""
        for _ in 0..<Int.random(in: 0..<12, using: &dice) {
            let range = ranges.randomElement(using: &dice) ?? 0...0
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &dice)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

/// Random numbers that a seed repeats (SplitMix64).
struct Dice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
