import Bytes

/// The kind of a frame: an open set, unknown kinds are ignored.
///
/// - SeeAlso: RFC 9113 §6
struct FrameType: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt8

    static let data = Self(rawValue: 0x0)
    static let headers = Self(rawValue: 0x1)
    static let priority = Self(rawValue: 0x2)
    static let resetStream = Self(rawValue: 0x3)
    static let settings = Self(rawValue: 0x4)
    static let pushPromise = Self(rawValue: 0x5)
    static let ping = Self(rawValue: 0x6)
    static let goAway = Self(rawValue: 0x7)
    static let windowUpdate = Self(rawValue: 0x8)
    static let continuation = Self(rawValue: 0x9)
}

/// The flags of a frame; what a bit means depends on the type.
struct FrameFlags: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    static let endStream = Self(rawValue: 0x1)
    static let acknowledgement = Self(rawValue: 0x1)
    static let endHeaders = Self(rawValue: 0x4)
    static let padded = Self(rawValue: 0x8)
    static let priority = Self(rawValue: 0x20)
}

/// The fixed header before each frame: 9 octets, big-endian.
///
///     octet  0        3      4       5            9
///            | length | type | flags | R + stream |
///
/// - SeeAlso: RFC 9113 §4.1
struct FrameHeader: Equatable, Sendable {
    /// The length of the payload, in octets.
    var length: Int
    var type: FrameType
    var flags: FrameFlags
    var stream: StreamID

    static let size = 9
    /// The largest payload sent and accepted (SETTINGS_MAX_FRAME_SIZE's initial value), whatever the peer allows.
    static let payloadLimit = 16_384

    init(length: Int, type: FrameType, flags: FrameFlags = [], stream: StreamID) {
        self.length = length
        self.type = type
        self.flags = flags
        self.stream = stream
    }

    /// Reads a header; the reserved bit is ignored.
    ///
    /// - Throws: ``DecodingError/truncated(needed:available:)`` if fewer than 9 octets are left.
    init(reading reader: inout ByteReader) throws(DecodingError) {
        guard reader.remaining >= FrameHeader.size else {
            throw .truncated(needed: FrameHeader.size, available: reader.remaining)
        }
        length = Int(try reader.readUInt(bytes: 3))
        type = FrameType(rawValue: try reader.readByte())
        flags = FrameFlags(rawValue: try reader.readByte())
        stream = StreamID(UInt32(truncatingIfNeeded: try reader.readUInt(bytes: 4)) & 0x7fff_ffff)
    }

    func write(to writer: inout ByteWriter) {
        writer.writeUInt(UInt64(length), bytes: 3)
        writer.write(type.rawValue)
        writer.write(flags.rawValue)
        writer.writeUInt(UInt64(stream.number), bytes: 4)
    }
}
