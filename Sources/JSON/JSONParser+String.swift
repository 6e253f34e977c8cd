extension JSONParser {
    /// Reads a string; `position` is at its opening quote.
    mutating func parseString() throws(Failure) -> String {
        let opening = position
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            guard bytes[position] >= 0x20 else {
                throw Failure(reason: .unexpectedByte(bytes[position]), position: position)
            }
            position += 1
        }
        var content = Array(bytes[start..<position])
        while true {
            guard position < bytes.count else { throw Failure(reason: .unexpectedEnd, position: position) }
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw Failure(reason: .badUTF8, position: opening)
                }
                return text
            case UInt8(ascii: "\\"): try parseEscape(into: &content)
            case 0..<0x20: throw Failure(reason: .unexpectedByte(byte), position: position)
            default:
                content.append(byte)
                position += 1
            }
        }
    }

    private mutating func parseEscape(into content: inout [UInt8]) throws(Failure) {
        position += 1
        guard position < bytes.count else { throw Failure(reason: .unexpectedEnd, position: position) }
        let plain: UInt8
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = bytes[position]
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0c
        case UInt8(ascii: "n"): plain = 0x0a
        case UInt8(ascii: "r"): plain = 0x0d
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            position += 1
            let scalar = try parseScalar()
            content.append(contentsOf: Array(String(Character(scalar)).utf8))
            return
        default: throw Failure(reason: .badEscape, position: position)
        }
        content.append(plain)
        position += 1
    }

    /// Reads what follows `\u`: four digits, or two groups of a surrogate pair.
    private mutating func parseScalar() throws(Failure) -> UnicodeScalar {
        let start = position
        let first = try parseFourDigits()
        if let scalar = UnicodeScalar(first) { return scalar }
        guard first < 0xdc00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw Failure(reason: .loneSurrogate, position: start) }
        position += 2
        let second = try parseFourDigits()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = UnicodeScalar(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
        else { throw Failure(reason: .loneSurrogate, position: start) }
        return scalar
    }

    private mutating func parseFourDigits() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw Failure(reason: .unexpectedEnd, position: position) }
            guard let digit = Character(UnicodeScalar(bytes[position])).hexDigitValue, bytes[position] < 0x80 else {
                throw Failure(reason: .badEscape, position: position)
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
