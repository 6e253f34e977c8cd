/// A number with the digits it was written in.
///
/// Two numbers are equal if they are written alike: `1.0` is not `1`.
package struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// As in the document: `-1.50e3`.
    package let text: String

    /// A number that was checked against the grammar by the parser.
    init(checked text: String) { self.text = text }

    /// A whole number.
    package init(_ value: some BinaryInteger) { self.text = String(value) }

    /// The value, if it has neither fraction nor exponent and fits.
    package var int: Int? { Int(text) }

    /// The value, if it has neither sign, fraction nor exponent and fits.
    package var uint64: UInt64? { UInt64(text) }

    package var description: String { text }
}
