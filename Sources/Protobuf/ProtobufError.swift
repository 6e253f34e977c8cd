/// Bytes are not a message of the Protocol Buffers wire format.
package enum ProtobufError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `needed` bytes were announced where only `available` are left.
    case truncated(needed: Int, available: Int)
    /// A number of more than ten bytes, or of more than 64 bits.
    case varintTooLong
    /// Field number 0, or a key of more than 32 bits.
    case badKey(UInt64)
    /// Wire type 6 or 7, which nobody has defined.
    case unknownWireType(UInt8, field: UInt32)
    /// A group's end without its beginning, or with another field's number.
    case unmatchedGroupEnd(field: UInt32)
    /// The message ended inside a group.
    case unfinishedGroup(field: UInt32)
    /// A string field holds something else.
    case notUTF8(field: UInt32)
    /// Messages or groups nest deeper than ``MessageReader/depthLimit``.
    case tooDeep(limit: Int)
    /// A repeated field or a map has more elements than ``MessageReader/elementLimit``.
    case tooManyElements(field: UInt32, limit: Int)

    package var description: String {
        switch self {
        case .truncated(let needed, let available): "truncated: \(needed) bytes needed, \(available) left"
        case .varintTooLong: "a number is longer than 64 bits"
        case .badKey(let key): "no field has key \(key)"
        case .unknownWireType(let type, let field): "field \(field) has unknown wire type \(type)"
        case .unmatchedGroupEnd(let field): "group \(field) ends without having begun"
        case .unfinishedGroup(let field): "group \(field) does not end"
        case .notUTF8(let field): "string field \(field) is not UTF-8"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .tooManyElements(let field, let limit): "field \(field) has more than \(limit) elements"
        }
    }
}
