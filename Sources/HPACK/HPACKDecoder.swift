import Bytes

/// The fields of one decoded header block.
package struct HeaderBlock: Equatable, Sendable {
    /// In wire order; cut off where ``size`` passed the limit.
    package var fields: [HeaderField] = []
    /// The size of the whole list (RFC 9113 §6.5.2), in octets, also of what was cut off.
    package var size = 0
    /// Whether the list is larger than the decoder's limit: the message must be refused, the connection may go on.
    package var exceedsLimit = false
}

/// Decompresses the header blocks that one peer sends, in order.
///
/// It governs the peer's dynamic table and the limits on what comes out. It leaves joining CONTINUATION frames and judging
/// names and values to HTTP/2. After an error the table is out of step with the peer: the connection must end.
///
/// - SeeAlso: RFC 7541
package struct HPACKDecoder: Sendable {
    /// The table size both sides start with, in octets (RFC 9113 §6.5.2).
    package static let initialTableSize = 4096
    /// How far past the limit a list is decoded to keep the table in step, before it counts as a bomb.
    static let hardStopFactor = 4

    private var table = DynamicTable(maximumSize: HPACKDecoder.initialTableSize)
    private var tableSizeLimit = HPACKDecoder.initialTableSize
    private var mustBeginWithUpdate = false
    private let listSizeLimit: Int

    /// A decoder for a new connection.
    ///
    /// - Parameter listSizeLimit: the largest header list handed out, in octets, as SETTINGS_MAX_HEADER_LIST_SIZE counts.
    package init(listSizeLimit: Int) { self.listSizeLimit = listSizeLimit }

    /// The peer has acknowledged our SETTINGS_HEADER_TABLE_SIZE of `limit` octets.
    ///
    /// If that is below what it uses, its next block must begin with a table size update (RFC 7541 §4.2).
    package mutating func setTableSizeLimit(_ limit: Int) {
        tableSizeLimit = limit
        mustBeginWithUpdate = limit < table.maximumSize
    }

    /// Decodes one whole header block.
    ///
    /// - Throws: ``HPACKError``, by case what the peer broke.
    package mutating func decode(_ bytes: [UInt8]) throws(HPACKError) -> HeaderBlock {
        var reader = ByteReader(bytes)
        var block = HeaderBlock()
        try readTableSizeUpdates(&reader)
        while !reader.isAtEnd {
            let field = try readField(&reader)
            block.size += field.size
            if block.size > listSizeLimit {
                block.exceedsLimit = true
                guard block.size <= HPACKDecoder.hardStopFactor * listSizeLimit else {
                    throw .listTooLarge(limit: listSizeLimit)
                }
            } else {
                block.fields.append(field)
            }
        }
        return block
    }

    private mutating func readTableSizeUpdates(_ reader: inout ByteReader) throws(HPACKError) {
        var updates = 0
        while let first = reader.peek, first & 0xe0 == 0x20 {
            guard updates < 2 else { throw .tooManyTableSizeUpdates }
            updates += 1
            let size = try HPACKInteger.read(first: reader.nextOctet(), prefix: 5, from: &reader)
            guard size <= tableSizeLimit else { throw .tableSizeUpdateTooLarge(size: size, limit: tableSizeLimit) }
            table.resize(to: size)
            mustBeginWithUpdate = false
        }
        guard !mustBeginWithUpdate else { throw .tableSizeUpdateMissing(limit: tableSizeLimit) }
    }

    /// Reads one representation (RFC 7541 §6).
    private mutating func readField(_ reader: inout ByteReader) throws(HPACKError) -> HeaderField {
        let first = try reader.nextOctet()
        if first & 0x80 != 0 {
            return try entry(HPACKInteger.read(first: first, prefix: 7, from: &reader))
        }
        if first & 0x40 != 0 {
            let field = try readLiteral(first, prefix: 6, indexing: .incremental, from: &reader)
            table.insert(field)
            return field
        }
        guard first & 0x20 == 0 else { throw .tableSizeUpdateMisplaced }
        return try readLiteral(first, prefix: 4, indexing: first & 0x10 == 0 ? .without : .never, from: &reader)
    }

    private func readLiteral(
        _ first: UInt8,
        prefix: Int,
        indexing: HeaderField.Indexing,
        from reader: inout ByteReader
    ) throws(HPACKError) -> HeaderField {
        let index = try HPACKInteger.read(first: first, prefix: prefix, from: &reader)
        let name = index == 0 ? try readString(&reader) : try entry(index).name
        return HeaderField(name: name, value: try readString(&reader), indexing: indexing)
    }

    private func entry(_ index: Int) throws(HPACKError) -> HeaderField {
        guard let field = StaticTable.field(at: index) ?? table[index - StaticTable.count - 1] else {
            throw .noEntry(index: index)
        }
        return field
    }

    /// Reads a string literal (RFC 7541 §5.2); its length is checked against the block before anything is allocated.
    private func readString(_ reader: inout ByteReader) throws(HPACKError) -> [UInt8] {
        let first = try reader.nextOctet()
        let length = try HPACKInteger.read(first: first, prefix: 7, from: &reader)
        let octets = try reader.nextOctets(length)
        return first & 0x80 == 0 ? octets : try HuffmanCode.decode(octets)
    }
}
