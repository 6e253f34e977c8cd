/// Collects bytes to be sent.
@frozen
public struct ByteWriter: Sendable {
    @usableFromInline var collected: [UInt8] = []

    /// What was written so far.
    @inlinable
    public var bytes: [UInt8] { collected }

    /// Starts empty.
    @inlinable
    public init() {}

    /// How many bytes were written.
    @inlinable
    public var count: Int { collected.count }

    /// Appends one byte.
    @inlinable
    public mutating func write(_ byte: UInt8) { collected.append(byte) }

    /// Appends bytes as they are.
    @inlinable
    public mutating func write(_ more: [UInt8]) { collected.append(contentsOf: more) }

    /// Appends a part of an array, without a copy in between.
    @inlinable
    public mutating func write(_ more: ArraySlice<UInt8>) { collected.append(contentsOf: more) }

    /// Appends a text as UTF-8, without a copy in between.
    @inlinable
    public mutating func write(_ text: String) { collected.append(contentsOf: text.utf8) }

    /// Puts bytes in the place of one that was written; nothing if there is none at `position`.
    @inlinable
    public mutating func replaceByte(at position: Int, with bytes: [UInt8]) {
        guard collected.indices.contains(position) else { return }
        collected.replaceSubrange(position...position, with: bytes)
    }

    /// Puts a byte in the place of one that was written; nothing if there is none at `position`.
    @inlinable
    public mutating func replaceByte(at position: Int, with byte: UInt8) {
        if collected.indices.contains(position) { collected[position] = byte }
    }

    /// Appends the lowest `width` bytes of `value`, most significant first.
    ///
    /// - Precondition: `width` is from 1 to 8.
    @inlinable
    public mutating func writeUInt(_ value: UInt64, bytes width: Int) {
        precondition((1...8).contains(width), "an unsigned number has 1 to 8 bytes")
        for index in (0..<width).reversed() { collected.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
    }
}
