/// One header or trailer field as HTTP/2 carries it: octets, not text.
///
/// Names are lower case on the wire; this type does not check that, ``HPACKDecoder`` neither: HTTP/2 does.
package struct HeaderField: Hashable, Sendable {
    /// What the sender lets compression do with the field.
    package enum Indexing: Hashable, Sendable {
        /// May enter the dynamic table.
        case incremental
        /// Is left out of the dynamic table of this hop.
        case without
        /// Is left out of every table on every hop: a secret (RFC 7541 §7.1.3).
        case never
    }

    package var name: [UInt8]
    package var value: [UInt8]
    package var indexing: Indexing

    /// A field from octets.
    ///
    /// - Parameters:
    ///   - name: the name, lower case.
    ///   - value: the value.
    ///   - indexing: by default the field may enter the dynamic table.
    package init(name: [UInt8], value: [UInt8], indexing: Indexing = .incremental) {
        self.name = name
        self.value = value
        self.indexing = indexing
    }

    /// A field from text, as UTF-8.
    package init(_ name: String, _ value: String, indexing: Indexing = .incremental) {
        self.init(name: Array(name.utf8), value: Array(value.utf8), indexing: indexing)
    }

    /// What the field counts for in a table and in a header list: name, value and 32 octets.
    ///
    /// - SeeAlso: RFC 7541 §4.1, RFC 9113 §6.5.2
    package var size: Int { name.count + value.count + HeaderField.overhead }

    /// The name as text; octets that are not UTF-8 are replaced.
    package var nameText: String { String(decoding: name, as: UTF8.self) }

    /// The value as text; octets that are not UTF-8 are replaced.
    package var valueText: String { String(decoding: value, as: UTF8.self) }

    /// Added to the octets of every entry (RFC 7541 §4.1).
    static let overhead = 32
}

extension HeaderField: CustomStringConvertible {
    package var description: String { "\(nameText): \(indexing == .never ? "(never indexed)" : valueText)" }
}
