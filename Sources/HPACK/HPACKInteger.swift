import Bytes

/// Integers with an N-bit prefix.
///
///     0 1 2 3 4 5 6 7
///     | ? | value < 2^N - 1 |      or all ones, then 7 bits an octet, lowest first, top bit set on all but the last
///
/// - SeeAlso: RFC 7541 §5.1
enum HPACKInteger {
    /// How many octets may follow the prefix: 28 bits, far more than any index, length or size here needs.
    static let continuationLimit = 4

    /// Reads an integer whose prefix is the lowest `prefix` bits of `first`, the octet already taken.
    static func read(first: UInt8, prefix: Int, from reader: inout ByteReader) throws(HPACKError) -> Int {
        let mask = (1 << prefix) - 1
        var value = Int(first) & mask
        guard value == mask else { return value }
        for index in 0..<continuationLimit {
            let octet = try reader.nextOctet()
            value += Int(octet & 0x7f) << (7 * index)
            if octet & 0x80 == 0 { return value }
        }
        throw .integerTooLong
    }

    /// Appends `value`, which is not negative, with `pattern` in the bits above the prefix.
    static func write(_ value: Int, prefix: Int, pattern: UInt8, to writer: inout ByteWriter) {
        let mask = (1 << prefix) - 1
        guard value >= mask else { return writer.write(pattern | UInt8(truncatingIfNeeded: value)) }
        writer.write(pattern | UInt8(truncatingIfNeeded: mask))
        var rest = value - mask
        while rest >= 0x80 {
            writer.write(UInt8(truncatingIfNeeded: rest & 0x7f | 0x80))
            rest >>= 7
        }
        writer.write(UInt8(truncatingIfNeeded: rest))
    }
}

extension ByteReader {
    /// Takes one octet of a header block.
    mutating func nextOctet() throws(HPACKError) -> UInt8 {
        do throws(DecodingError) { return try readByte() } catch { throw .truncated }
    }

    /// Takes `count` octets of a header block.
    mutating func nextOctets(_ count: Int) throws(HPACKError) -> [UInt8] {
        do throws(DecodingError) { return try read(count) } catch { throw .truncated }
    }
}
