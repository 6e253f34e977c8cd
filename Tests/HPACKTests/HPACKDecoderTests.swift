import HPACK
import Testing

@Suite struct HPACKDecoderTests {
    var decoder = HPACKDecoder(listSizeLimit: 1000)

    @Test(arguments: [
        // A literal whose value is cut off, and one whose name is.
        ("400161 03 6262", HPACKError.truncated),
        ("4003 6161", .truncated),
        ("40", .truncated),
        // An index that needs more octets.
        ("ff80", .truncated),
        // Index 0, and the first one past both tables (RFC 7541 §2.3.3, §6.1).
        ("80", .noEntry(index: 0)),
        ("be", .noEntry(index: 62)),
        // Five octets after the prefix.
        ("ff8080808001", .integerTooLong),
        // A string said to be far longer than the block.
        ("40 01 61 7fffffff7f", .truncated),
        // Huffman: padding of zeros, eight bits of padding, the end-of-string symbol (RFC 7541 §5.2).
        ("00 8118 01 61", .huffmanPadding),
        ("00 821fff 01 61", .huffmanPadding),
        ("00 84ffffffff 01 61", .endOfStringSymbol),
        // Updates of the table size: after a field, too large, three of them (RFC 7541 §4.2, §6.3).
        ("82 20", .tableSizeUpdateMisplaced),
        ("3fe21f", .tableSizeUpdateTooLarge(size: 4097, limit: 4096)),
        ("20 21 22 82", .tooManyTableSizeUpdates),
    ])
    mutating func `a block that breaks the rules is refused by its cause`(block: String, error: HPACKError) {
        #expect(throws: error) { try decoder.decode(hex(block)) }
    }

    @Test mutating func `integers may be padded with zeros up to the limit`() throws {
        // 127 + 0 in four continuation octets is no entry, but it is an integer.
        #expect(throws: HPACKError.noEntry(index: 127)) { try decoder.decode(hex("ff80808000")) }
    }

    @Test mutating func `a lowered table must be acknowledged by an update before the next field`() throws {
        decoder.setTableSizeLimit(100)
        #expect(throws: HPACKError.tableSizeUpdateMissing(limit: 100)) { try decoder.decode(hex("82")) }
    }

    @Test mutating func `after the update the next block needs none`() throws {
        decoder.setTableSizeLimit(100)
        #expect(try decoder.decode(hex("3f45 82")).fields == [HeaderField(":method", "GET")])
        #expect(try decoder.decode(hex("82")).fields.count == 1)
    }

    @Test mutating func `two updates in a block are the lowest and the last size`() throws {
        _ = try decoder.decode(hex("40 0161 0162"))
        #expect(try decoder.decode(hex("20 3fe11f 82")).fields.count == 1)
        #expect(throws: HPACKError.noEntry(index: 62)) { try decoder.decode(hex("be")) }
    }

    @Test mutating func `an entry larger than the table empties it and is still delivered`() throws {
        _ = try decoder.decode(hex("3f13 40 0161 0162"))  // table of 50: one entry of 34
        #expect(try decoder.decode(hex("be")).fields == [HeaderField("a", "b")])
        let large = hex("40 0161 14") + Array(repeating: 0x63, count: 20)
        #expect(try decoder.decode(large).fields.first?.value.count == 20)
        #expect(throws: HPACKError.noEntry(index: 62)) { try decoder.decode(hex("be")) }
    }

    @Test mutating func `never indexed and not indexed literals keep their mark and stay out of the table`() throws {
        let fields = try decoder.decode(hex("10 0161 0162  00 0161 0162")).fields
        #expect(fields.map(\.indexing) == [.never, .without])
        #expect(throws: HPACKError.noEntry(index: 62)) { try decoder.decode(hex("be")) }
    }

    @Test mutating func `a list above the limit is cut but keeps the table in step`() throws {
        // An entry of 32 + 1 + 600, then a reference to it.
        let entry = hex("40 0161 7fd903") + Array(repeating: 0x62, count: 600)
        let first = try decoder.decode(entry + hex("be"))
        #expect(first.exceedsLimit)
        #expect(first.size == 1266)
        #expect(first.fields.count == 1)
        #expect(try decoder.decode(hex("be")).fields.count == 1)
    }

    @Test mutating func `a list above four times the limit stops the decoder`() throws {
        let entry = hex("40 0161 7fd903") + Array(repeating: 0x62, count: 600)
        let bomb = entry + Array(repeating: 0xbe, count: 10_000)
        #expect(throws: HPACKError.listTooLarge(limit: 1000)) { try decoder.decode(bomb) }
    }
}
