import Bytes

/// One field as it stood on the wire: its number, and a value whose meaning only the message knows.
///
/// Each `read` lays the value over what is there already, which gives the rules for fields that come twice: of scalars
/// the last one counts, messages are merged, repeated fields grow. A value of another wire type than the message
/// expects is an unknown field and changes nothing, as in the reference implementations.
package struct Field {
    enum Value {
        case varint(UInt64)
        case bytes(ByteReader)
    }

    /// Never 0.
    package let number: UInt32
    let value: Value
    /// Of the message this is a field of; the outermost has 1.
    let depth: Int

    /// Any number but zero is true.
    package func read(into flag: inout Bool) {
        if case .varint(let raw) = value { flag = raw != 0 }
    }

    /// A number of 64 bits without sign.
    package func read(into number: inout UInt64) {
        if case .varint(let raw) = value { number = raw }
    }

    /// A negative number has ten bytes on the wire.
    package func read(into number: inout Int64) {
        if case .varint(let raw) = value { number = Int64(bitPattern: raw) }
    }

    /// Sign-extended to ten bytes on the wire if negative; bits above the 32nd are dropped.
    package func read(into number: inout Int32) {
        if case .varint(let raw) = value { number = Int32(truncatingIfNeeded: raw) }
    }

    /// A text.
    ///
    /// - Throws: ``ProtobufError/notUTF8(field:)``.
    package func read(into text: inout String) throws(ProtobufError) {
        if let read = try string() { text = read }
    }

    /// A field with explicit presence: there, though it may be empty.
    ///
    /// - Throws: ``ProtobufError/notUTF8(field:)``.
    package func read(into text: inout String?) throws(ProtobufError) {
        if let read = try string() { text = read }
    }

    /// Merges into the message that is there, or makes it; a message of no bytes is there too.
    ///
    /// - Throws: ``ProtobufError``.
    package func read<Message: ProtobufMessage>(into message: inout Message?) throws(ProtobufError) {
        guard let inner = try innerReader() else { return }
        var merged = message ?? Message()
        try merged.merge(inner)
        message = merged
    }

    /// Takes one text.
    ///
    /// - Throws: ``ProtobufError``.
    package func append(to texts: inout [String]) throws(ProtobufError) {
        guard let text = try string() else { return }
        try checkRoom(after: texts.count)
        texts.append(text)
    }

    /// Takes one message, also one of no bytes.
    ///
    /// - Throws: ``ProtobufError``.
    package func append<Message: ProtobufMessage>(to messages: inout [Message]) throws(ProtobufError) {
        guard let inner = try innerReader() else { return }
        try checkRoom(after: messages.count)
        var message = Message()
        try message.merge(inner)
        messages.append(message)
    }

    /// Takes one number, or a packed run of them; a sender may mix both.
    ///
    /// - Throws: ``ProtobufError``.
    package func append(to numbers: inout [Int64]) throws(ProtobufError) {
        switch value {
        case .varint(let raw):
            try checkRoom(after: numbers.count)
            numbers.append(Int64(bitPattern: raw))
        case .bytes(var packed):
            while !packed.isAtEnd {
                try checkRoom(after: numbers.count)
                numbers.append(Int64(bitPattern: try packed.readVarint()))
            }
        }
    }

    /// Takes one entry of a map; of two with the same key the last one counts, a missing half is empty.
    ///
    /// - Throws: ``ProtobufError``.
    package func insert(into map: inout [String: String]) throws(ProtobufError) {
        guard var entry = try innerReader() else { return }
        try checkRoom(after: map.count)
        var key = ""
        var value = ""
        while let half = try entry.nextField() {
            switch half.number {
            case 1: try half.read(into: &key)
            case 2: try half.read(into: &value)
            default: break
            }
        }
        map[key] = value
    }

    private func string() throws(ProtobufError) -> String? {
        guard case .bytes(var bytes) = value else { return nil }
        guard let text = String(validating: bytes.readRest(), as: UTF8.self) else { throw .notUTF8(field: number) }
        return text
    }

    private func innerReader() throws(ProtobufError) -> MessageReader? {
        guard case .bytes(let bytes) = value else { return nil }
        guard depth < MessageReader.depthLimit else { throw .tooDeep(limit: MessageReader.depthLimit) }
        return MessageReader(bytes, depth: depth + 1)
    }

    private func checkRoom(after count: Int) throws(ProtobufError) {
        guard count < MessageReader.elementLimit else {
            throw .tooManyElements(field: number, limit: MessageReader.elementLimit)
        }
    }
}
