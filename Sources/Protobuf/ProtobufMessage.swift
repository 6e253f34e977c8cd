/// A message as a plain value: made empty, filled field by field, written field by field.
package protocol ProtobufMessage: Equatable, Sendable {
    /// The message in which every field has its default: no bytes on the wire.
    init()

    /// Lays one field over this message; a number it does not know is passed over.
    ///
    /// - Throws: ``ProtobufError``.
    mutating func merge(_ field: Field) throws(ProtobufError)

    /// Writes the fields that are not at their default, in the order of their numbers.
    func write(to writer: inout MessageWriter)
}

extension ProtobufMessage {
    /// Reads a whole message.
    ///
    /// - Throws: ``ProtobufError``.
    package init(decoding bytes: [UInt8]) throws(ProtobufError) {
        self.init()
        try merge(MessageReader(bytes))
    }

    /// The message on the wire; the same value always gives the same bytes.
    package func encoded() -> [UInt8] {
        var writer = MessageWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Lays every field of `message` over this one.
    mutating func merge(_ message: consuming MessageReader) throws(ProtobufError) {
        var message = message
        while let field = try message.nextField() { try merge(field) }
    }
}
