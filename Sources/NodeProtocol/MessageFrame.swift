/// Puts the length before a message: 4 bytes, highest first.
///
/// - Throws: ``MessageError/tooLong(length:limit:)``.
package func framed(_ message: [UInt8]) throws(MessageError) -> [UInt8] {
    guard message.count <= NodeWire.messageLimit else {
        throw .tooLong(length: message.count, limit: NodeWire.messageLimit)
    }
    let prefix = (0..<NodeWire.prefixLength).map { UInt8(truncatingIfNeeded: message.count >> (24 - 8 * $0)) }
    return prefix + message
}

/// Collects the bytes of the one message that a side of a connection sends.
///
///     byte  0        4
///           | length | JSON text of that many bytes |
///
/// Give it what arrives, in pieces of any size; memory grows with what has arrived, never by what the prefix claims.
package struct MessageFrame: Sendable {
    private var bytes: [UInt8] = []

    package init() {}

    /// Takes the next bytes; returns the message without its prefix once it is whole.
    ///
    /// - Throws: ``MessageError/tooLong(length:limit:)`` as soon as the prefix is there,
    ///   ``MessageError/bytesAfterMessage(_:)`` if more arrives than one message.
    package mutating func receive(_ more: some Sequence<UInt8>) throws(MessageError) -> [UInt8]? {
        bytes.append(contentsOf: more)
        guard let total = try wholeLength(), bytes.count >= total else { return nil }
        guard bytes.count == total else { throw .bytesAfterMessage(bytes.count - total) }
        return Array(bytes[NodeWire.prefixLength...])
    }

    /// How many bytes are still to come before the message is whole; before the prefix is whole, only the prefix's.
    ///
    /// - Throws: ``MessageError/tooLong(length:limit:)``.
    package func missing() throws(MessageError) -> Int {
        max(0, (try wholeLength() ?? NodeWire.prefixLength) - bytes.count)
    }

    private func wholeLength() throws(MessageError) -> Int? {
        guard bytes.count >= NodeWire.prefixLength else { return nil }
        let length = bytes[..<NodeWire.prefixLength].reduce(0) { $0 << 8 | Int($1) }
        guard length <= NodeWire.messageLimit else { throw .tooLong(length: length, limit: NodeWire.messageLimit) }
        return NodeWire.prefixLength + length
    }
}
