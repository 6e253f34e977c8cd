extension JSONValue {
    /// How deep objects and lists may nest; guards the stack against hostile text.
    package static let depthLimit = 128

    /// Reads one JSON text.
    ///
    /// - Throws: ``JSONError`` with the place, also if anything but white space follows the value.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        var parser = JSONParser(bytes: bytes)
        do throws(JSONParser.Failure) {
            self = try parser.parseDocument()
        } catch {
            throw parser.located(error)
        }
    }

    /// Reads one JSON text.
    ///
    /// - Throws: ``JSONError`` with the place, also if anything but white space follows the value.
    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: Array(text.utf8))
    }
}

/// A recursive-descent parser over bytes; `position` is where the next byte is read.
struct JSONParser {
    struct Failure: Error {
        var reason: JSONError.Reason
        var position: Int
    }

    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func parseDocument() throws(Failure) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure(.textAfterValue) }
        return value
    }

    func located(_ failure: Failure) -> JSONError {
        let before = bytes[..<min(failure.position, bytes.count)]
        let line = before.count { $0 == 0x0a } + 1
        let lineStart = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
        return JSONError(reason: failure.reason, line: line, column: before.count - lineStart + 1)
    }

    private func failure(_ reason: JSONError.Reason) -> Failure { Failure(reason: reason, position: position) }

    private func unexpected() -> Failure {
        failure(position < bytes.count ? .unexpectedByte(bytes[position]) : .unexpectedEnd)
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func parseValue(depth: Int) throws(Failure) -> JSONValue {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || isDigit(byte): return .number(try parseNumber())
        default: throw unexpected()
        }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
        for byte in String(describing: word).utf8 {
            guard take(byte) else { throw unexpected() }
        }
        return value
    }

    private mutating func parseArray(depth: Int) throws(Failure) -> JSONValue {
        guard depth < JSONValue.depthLimit else { throw failure(.tooDeep) }
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw unexpected() }
        }
    }

    private mutating func parseObject(depth: Int) throws(Failure) -> JSONValue {
        guard depth < JSONValue.depthLimit else { throw failure(.tooDeep) }
        position += 1
        var members: [(key: String, value: JSONValue)] = []
        var places: [String: Int] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(JSONObject()) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw unexpected() }
            let key = try parseString()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected() }
            let value = try parseValue(depth: depth + 1)
            if let place = places[key] {
                members[place].value = value
            } else {
                places[key] = members.count
                members.append((key, value))
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(JSONObject(unique: members)) }
            guard take(UInt8(ascii: ",")) else { throw unexpected() }
        }
    }

    private mutating func parseNumber() throws(Failure) -> JSONNumber {
        let start = position
        _ = take(UInt8(ascii: "-"))
        // RFC 8259 §6: no leading zeros, at least one digit on each side of the point and after the exponent.
        if !take(UInt8(ascii: "0")) { try takeDigits() }
        if take(UInt8(ascii: ".")) { try takeDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try takeDigits()
        }
        if let byte = next, isDigit(byte) { throw failure(.badNumber) }
        return JSONNumber(checked: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private mutating func takeDigits() throws(Failure) {
        guard let first = next else { throw failure(.unexpectedEnd) }
        guard isDigit(first) else { throw failure(.badNumber) }
        while let byte = next, isDigit(byte) { position += 1 }
    }
}
