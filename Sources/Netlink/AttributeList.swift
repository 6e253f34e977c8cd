/// The attributes of a message or of one attribute of it.
///
///     length with this header (2) | type, two flag bits on top (2) | payload, padded to 4
///
/// - SeeAlso: include/uapi/linux/netlink.h, `struct nlattr`
struct AttributeList: Sequence {
    private let attributes: [Attribute]

    /// One attribute: its type without flags, and its payload without padding.
    typealias Attribute = (type: UInt32, payload: ArraySlice<UInt8>)

    /// Reads them all; `nil` if one claims more than is there or less than its header.
    init?(_ bytes: ArraySlice<UInt8>) {
        var attributes: [Attribute] = []
        var rest = bytes
        while rest.count >= 4 {
            guard let length = rest.number(UInt16.self, at: 0).map(Int.init), length >= 4, length <= rest.count,
                let type = rest.number(UInt16.self, at: 2)
            else { return nil }
            attributes.append((UInt32(type & 0x3fff), rest.prefix(length).dropFirst(4)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        guard rest.isEmpty else { return nil }
        self.attributes = attributes
    }

    /// The payload of the first attribute of a type.
    subscript(type: some BinaryInteger) -> ArraySlice<UInt8>? {
        attributes.first { $0.type == UInt32(truncatingIfNeeded: type) }?.payload
    }

    func makeIterator() -> IndexingIterator<[Attribute]> { attributes.makeIterator() }
}

extension ArraySlice<UInt8> {
    /// A number in the machine's order, `offset` bytes behind the start; `nil` where the slice is too short.
    func number<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int = 0) -> Number? {
        let size = Number.bitWidth / 8
        guard offset >= 0, count >= offset + size else { return nil }
        return dropFirst(offset).prefix(size).withUnsafeBytes { $0.loadUnaligned(as: Number.self) }
    }

    /// The bytes before the first zero.
    var text: String { String(decoding: prefix { $0 != 0 }, as: UTF8.self) }
}
