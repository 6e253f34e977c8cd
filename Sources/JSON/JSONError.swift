/// A text is not JSON.
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong at the place.
    package enum Reason: Equatable, Sendable {
        case unexpectedEnd
        case unexpectedByte(UInt8)
        case badEscape
        /// A `\u` escape of half a surrogate pair; it names no character.
        case loneSurrogate
        case badUTF8
        case badNumber
        /// Deeper than ``JSONValue/depthLimit``.
        case tooDeep
        case textAfterValue
    }

    package var reason: Reason
    /// Counted from 1, in lines of the text.
    package var line: Int
    /// Counted from 1, in bytes of the line.
    package var column: Int

    package var description: String { "line \(line), column \(column): \(reason.sentence)" }
}

extension JSONError.Reason {
    var sentence: String {
        switch self {
        case .unexpectedEnd: "the JSON text ends in the middle of a value"
        case .unexpectedByte(let byte):
            byte >= 0x20 && byte < 0x7f
                ? "unexpected '\(Character(UnicodeScalar(byte)))'" : "unexpected byte 0x\(String(byte, radix: 16))"
        case .badEscape: "unknown escape in a string"
        case .loneSurrogate: "half a surrogate pair in a string"
        case .badUTF8: "a string is not UTF-8"
        case .badNumber: "malformed number"
        case .tooDeep: "nested deeper than \(JSONValue.depthLimit) levels"
        case .textAfterValue: "text after the end of the value"
        }
    }
}
