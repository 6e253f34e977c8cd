import Bytes

/// Compresses the header blocks that go to one peer, in order.
///
/// The choices are those of Go's encoder, so that its recorded blocks are vectors for ours: an exact match is indexed, a name
/// is taken from the static table before the dynamic one, a string is Huffman-coded where that is shorter, and a field that
/// may be indexed and fits enters the table. A field marked ``HeaderField/Indexing/never`` is sent as such, whatever matches.
///
/// - SeeAlso: RFC 7541
package struct HPACKEncoder: Sendable {
    /// The largest table used, in octets, even if the peer allows more: it bounds what a peer makes us keep.
    package static let tableSizeCap = 4096

    private var table = DynamicTable(maximumSize: HPACKEncoder.tableSizeCap)
    /// The lowest size the table had since the last block, while an update is owed to the peer.
    private var lowestSizeSinceBlock: Int?

    /// An encoder for a new connection.
    package init() {}

    /// The peer's SETTINGS_HEADER_TABLE_SIZE is `limit` octets from now on; the next block says so.
    package mutating func setPeerTableSizeLimit(_ limit: Int) {
        let size = min(max(limit, 0), HPACKEncoder.tableSizeCap)
        guard size != table.maximumSize else { return }
        lowestSizeSinceBlock = min(lowestSizeSinceBlock ?? size, size)
        table.resize(to: size)
    }

    /// The header block of `fields`, in their order.
    package mutating func encode(_ fields: [HeaderField]) -> [UInt8] {
        var writer = ByteWriter()
        writeTableSizeUpdates(to: &writer)
        for field in fields { write(field, to: &writer) }
        return writer.bytes
    }

    private mutating func writeTableSizeUpdates(to writer: inout ByteWriter) {
        guard let lowest = lowestSizeSinceBlock else { return }
        lowestSizeSinceBlock = nil
        if lowest < table.maximumSize { HPACKInteger.write(lowest, prefix: 5, pattern: 0x20, to: &writer) }
        HPACKInteger.write(table.maximumSize, prefix: 5, pattern: 0x20, to: &writer)
    }

    private mutating func write(_ field: HeaderField, to writer: inout ByteWriter) {
        let staticExact = field.indexing == .never ? nil : StaticTable.index(of: field)
        if let staticExact { return HPACKInteger.write(staticExact, prefix: 7, pattern: 0x80, to: &writer) }
        let found = table.find(field)
        if let exact = found.exact, field.indexing != .never {
            return HPACKInteger.write(exact + StaticTable.count + 1, prefix: 7, pattern: 0x80, to: &writer)
        }
        let nameIndex = StaticTable.index(ofName: field.name) ?? found.name.map { $0 + StaticTable.count + 1 } ?? 0
        switch field.indexing {
        case .never: HPACKInteger.write(nameIndex, prefix: 4, pattern: 0x10, to: &writer)
        case .incremental where field.size <= table.maximumSize:
            HPACKInteger.write(nameIndex, prefix: 6, pattern: 0x40, to: &writer)
            table.insert(field)
        case .incremental, .without: HPACKInteger.write(nameIndex, prefix: 4, pattern: 0x00, to: &writer)
        }
        if nameIndex == 0 { write(string: field.name, to: &writer) }
        write(string: field.value, to: &writer)
    }

    private func write(string: [UInt8], to writer: inout ByteWriter) {
        let codedLength = HuffmanCode.encodedLength(string)
        if codedLength < string.count {
            HPACKInteger.write(codedLength, prefix: 7, pattern: 0x80, to: &writer)
            HuffmanCode.encode(string, to: &writer)
        } else {
            HPACKInteger.write(string.count, prefix: 7, pattern: 0x00, to: &writer)
            writer.write(string)
        }
    }
}
