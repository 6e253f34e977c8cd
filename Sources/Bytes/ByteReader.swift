/// A cursor over received bytes that cannot run past their end.
///
/// Concrete over `[UInt8]` on purpose: a generic cursor read across a target boundary costs about 250 times as much.
/// Every read either takes all it asked for or throws and moves nothing.
@frozen
public struct ByteReader: Sendable {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline let end: Int
    /// The offset of the next byte to be read, counted from the start of the array the reader was made from.
    @inlinable
    public var position: Int { offset }
    @usableFromInline var offset: Int

    /// Reads all of `bytes`.
    @inlinable
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        self.offset = 0
        self.end = bytes.count
    }

    @inlinable
    init(bytes: [UInt8], position: Int, end: Int) {
        self.bytes = bytes
        self.offset = position
        self.end = end
    }

    /// How many bytes are left.
    @inlinable
    public var remaining: Int { end - position }

    /// Whether nothing is left to read.
    @inlinable
    public var isAtEnd: Bool { position == end }

    /// The next byte, without moving; `nil` at the end.
    @inlinable
    public var peek: UInt8? { position < end ? bytes[offset] : nil }

    /// Takes one byte.
    ///
    /// - Throws: ``DecodingError/truncated(needed:available:)`` at the end.
    @inlinable
    public mutating func readByte() throws(DecodingError) -> UInt8 {
        guard position < end else { throw .truncated(needed: 1, available: 0) }
        let byte = bytes[offset]
        offset += 1
        return byte
    }

    /// Takes a big-endian unsigned number of `width` bytes, from 1 to 8.
    ///
    /// - Throws: ``DecodingError/truncated(needed:available:)`` if fewer bytes are left.
    /// - Precondition: `width` is from 1 to 8; it is the caller's constant, never input.
    @inlinable
    public mutating func readUInt(bytes width: Int) throws(DecodingError) -> UInt64 {
        precondition((1...8).contains(width), "an unsigned number has 1 to 8 bytes")
        guard width <= remaining else { throw .truncated(needed: width, available: remaining) }
        var value: UInt64 = 0
        for offset in position..<(position + width) { value = value << 8 | UInt64(bytes[offset]) }
        offset += width
        return value
    }

    /// Takes `count` bytes as an array.
    ///
    /// - Throws: ``DecodingError/truncated(needed:available:)`` if fewer are left, also for a negative count.
    @inlinable
    public mutating func read(_ count: Int) throws(DecodingError) -> [UInt8] {
        guard count >= 0, count <= remaining else { throw .truncated(needed: count, available: remaining) }
        let taken = Array(bytes[position..<(position + count)])
        offset += count
        return taken
    }

    /// Takes `count` bytes as a reader of their own, which ends where they end; no byte is copied.
    ///
    /// - Throws: ``DecodingError/truncated(needed:available:)`` if fewer are left, also for a negative count.
    @inlinable
    public mutating func readSlice(_ count: Int) throws(DecodingError) -> ByteReader {
        guard count >= 0, count <= remaining else { throw .truncated(needed: count, available: remaining) }
        let slice = ByteReader(bytes: bytes, position: position, end: position + count)
        offset += count
        return slice
    }

    /// Moves past `count` bytes.
    ///
    /// - Throws: ``DecodingError/truncated(needed:available:)`` if fewer are left, also for a negative count.
    @inlinable
    public mutating func skip(_ count: Int) throws(DecodingError) {
        guard count >= 0, count <= remaining else { throw .truncated(needed: count, available: remaining) }
        offset += count
    }

    /// Takes everything that is left.
    @inlinable
    public mutating func readRest() -> [UInt8] {
        let rest = Array(bytes[position..<end])
        offset = end
        return rest
    }
}
