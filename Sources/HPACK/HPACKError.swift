/// A header block breaks RFC 7541; the connection's compression state is lost with it (RFC 9113 §4.3).
package enum HPACKError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The block ends inside a representation.
    case truncated
    /// An integer is longer than ``HPACKInteger/continuationLimit`` octets after its prefix (§5.1).
    case integerTooLong
    /// The index points at no entry (§2.3.3).
    case noEntry(index: Int)
    /// A Huffman-coded string holds the end-of-string symbol (§5.2).
    case endOfStringSymbol
    /// A Huffman-coded string ends in more than 7 bits of padding, or in padding that is not all ones (§5.2).
    case huffmanPadding
    /// A table size update after a field of the same block (§4.2).
    case tableSizeUpdateMisplaced
    /// A table size update above what the decoder's side allows (§6.3).
    case tableSizeUpdateTooLarge(size: Int, limit: Int)
    /// The table was lowered by our SETTINGS and the next block does not begin with an update (§4.2).
    case tableSizeUpdateMissing(limit: Int)
    /// More than two table size updates before a block (§4.2).
    case tooManyTableSizeUpdates
    /// The decoded list went past four times the limit: decoding stopped (a decompression bomb).
    case listTooLarge(limit: Int)

    package var description: String {
        switch self {
        case .truncated: "header block ends inside a field"
        case .integerTooLong: "integer too long"
        case .noEntry(let index): "no table entry \(index)"
        case .endOfStringSymbol: "end-of-string symbol in a Huffman string"
        case .huffmanPadding: "wrong Huffman padding"
        case .tableSizeUpdateMisplaced: "table size update after a field"
        case .tableSizeUpdateTooLarge(let size, let limit): "table size update to \(size), limit \(limit)"
        case .tableSizeUpdateMissing(let limit): "no table size update to \(limit) or less"
        case .tooManyTableSizeUpdates: "more than two table size updates"
        case .listTooLarge(let limit): "header list beyond four times \(limit) octets"
        }
    }
}
