import Bytes

/// Takes a message apart into its fields.
///
/// Groups and fixed-width numbers are passed over: no API spoken here has one, so they can only be unknown fields. Every
/// malformed message ends in an error, and none costs more than its own length.
///
///     key = varint (field << 3 | wire type)
///     0 varint · 1 fixed64 · 2 length, then bytes · 3 group begins · 4 group ends · 5 fixed32
///
/// - SeeAlso: protobuf.dev, "Encoding"
package struct MessageReader {
    /// How deep messages and groups may nest; guards the stack.
    ///
    /// The deepest message spoken here has 6 levels.
    package static let depthLimit = 32
    /// How many elements one repeated field may have; guards memory, since an empty element takes two bytes on the wire.
    package static let elementLimit = 65_536

    private var reader: ByteReader
    private let depth: Int

    /// Reads all of `bytes` as one message.
    package init(_ bytes: [UInt8]) {
        self.init(ByteReader(bytes), depth: 1)
    }

    init(_ reader: ByteReader, depth: Int) {
        self.reader = reader
        self.depth = depth
    }

    /// The next field with a number or with bytes; `nil` at the end of the message.
    ///
    /// - Throws: ``ProtobufError``, after which the rest of the message means nothing.
    package mutating func nextField() throws(ProtobufError) -> Field? {
        while !reader.isAtEnd {
            let key = try readKey()
            switch key.wireType {
            case .varint: return Field(number: key.field, value: .varint(try reader.readVarint()), depth: depth)
            case .lengthDelimited:
                return Field(number: key.field, value: .bytes(try reader.readLengthDelimited()), depth: depth)
            case .fixed32, .fixed64, .groupStart, .groupEnd: try skip(key)
            }
        }
        return nil
    }

    private enum WireType: UInt8 {
        case varint, fixed64, lengthDelimited, groupStart, groupEnd, fixed32
    }

    private mutating func readKey() throws(ProtobufError) -> (field: UInt32, wireType: WireType) {
        let raw = try reader.readVarint()
        guard let key = UInt32(exactly: raw), key >> 3 != 0 else { throw .badKey(raw) }
        let type = UInt8(key & 7)
        guard let wireType = WireType(rawValue: type) else { throw .unknownWireType(type, field: key >> 3) }
        return (key >> 3, wireType)
    }

    /// Moves past a field nobody here knows, a group with all that is in it.
    private mutating func skip(_ key: (field: UInt32, wireType: WireType)) throws(ProtobufError) {
        var openGroups: [UInt32] = []
        var key = key
        while true {
            switch key.wireType {
            case .varint: _ = try reader.readVarint()
            case .fixed64: try reader.skipBytes(8)
            case .fixed32: try reader.skipBytes(4)
            case .lengthDelimited: _ = try reader.readLengthDelimited()
            case .groupStart:
                openGroups.append(key.field)
                guard depth + openGroups.count <= Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
            case .groupEnd:
                guard openGroups.popLast() == key.field else { throw .unmatchedGroupEnd(field: key.field) }
            }
            guard let open = openGroups.last else { return }
            guard !reader.isAtEnd else { throw .unfinishedGroup(field: open) }
            key = try readKey()
        }
    }
}

extension ByteReader {
    /// Takes a number of seven bits a byte, lowest first, the top bit saying that more follow.
    ///
    /// - Throws: ``ProtobufError/varintTooLong`` beyond 64 bits, ``ProtobufError/truncated(needed:available:)``.
    mutating func readVarint() throws(ProtobufError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try nextByte()
            // Of the tenth byte one bit is left.
            guard shift < 63 || byte <= 1 else { throw .varintTooLong }
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw .varintTooLong
    }

    /// Takes a length and that many bytes, as a reader of their own.
    mutating func readLengthDelimited() throws(ProtobufError) -> ByteReader {
        let announced = try readVarint()
        let length = Int(clamping: announced)
        do throws(DecodingError) { return try readSlice(length) } catch { throw ProtobufError(error) }
    }

    mutating func skipBytes(_ count: Int) throws(ProtobufError) {
        do throws(DecodingError) { try skip(count) } catch { throw ProtobufError(error) }
    }

    private mutating func nextByte() throws(ProtobufError) -> UInt8 {
        do throws(DecodingError) { return try readByte() } catch { throw ProtobufError(error) }
    }
}

extension ProtobufError {
    init(_ error: DecodingError) {
        switch error {
        case .truncated(let needed, let available): self = .truncated(needed: needed, available: available)
        }
    }
}
