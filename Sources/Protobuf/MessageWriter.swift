import Bytes

/// Puts a message together from its fields.
///
/// Scalars at their default are left out, messages and elements that are there are written even when they are empty:
/// a NUMA node 0 is a message of no bytes, and to leave it out would say that there is no node.
package struct MessageWriter {
    private var writer = ByteWriter()

    /// The message written so far.
    package var bytes: [UInt8] { writer.bytes }

    package init() {}

    /// Nothing if false.
    package mutating func write(_ field: UInt32, _ flag: Bool) {
        if flag { writeNumber(field, 1) }
    }

    /// Nothing if zero.
    package mutating func write(_ field: UInt32, _ number: UInt64) {
        if number != 0 { writeNumber(field, number) }
    }

    /// Ten bytes if negative.
    package mutating func write(_ field: UInt32, _ number: Int64) {
        if number != 0 { writeNumber(field, UInt64(bitPattern: number)) }
    }

    /// Ten bytes if negative: 32-bit numbers are sign-extended to 64.
    package mutating func write(_ field: UInt32, _ number: Int32) { write(field, Int64(number)) }

    /// Nothing if empty.
    package mutating func write(_ field: UInt32, _ text: String) {
        if !text.isEmpty { writeBytes(field, Array(text.utf8)) }
    }

    /// A field with explicit presence: written unless it is `nil`.
    package mutating func write(_ field: UInt32, _ text: String?) {
        if let text { writeBytes(field, Array(text.utf8)) }
    }

    /// Also a message of no bytes; nothing if `nil`.
    package mutating func write(_ field: UInt32, _ message: (some ProtobufMessage)?) {
        if let message { writeBytes(field, message.encoded()) }
    }

    /// Each text, also an empty one.
    package mutating func write(_ field: UInt32, _ texts: [String]) {
        for text in texts { writeBytes(field, Array(text.utf8)) }
    }

    /// Each message, also one of no bytes.
    package mutating func write(_ field: UInt32, _ messages: [some ProtobufMessage]) {
        for message in messages { writeBytes(field, message.encoded()) }
    }

    /// Packed, as proto3 has it by default; nothing if there is no number.
    package mutating func write(_ field: UInt32, _ numbers: [Int64]) {
        guard !numbers.isEmpty else { return }
        var packed = ByteWriter()
        for number in numbers { packed.writeVarint(UInt64(bitPattern: number)) }
        writeBytes(field, packed.bytes)
    }

    /// Both halves of each entry, also when empty, in the order of the keys: the format asks for none, tests like one.
    package mutating func write(_ field: UInt32, _ map: [String: String]) {
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            var entry = MessageWriter()
            entry.writeBytes(1, Array(key.utf8))
            entry.writeBytes(2, Array(value.utf8))
            writeBytes(field, entry.bytes)
        }
    }

    private mutating func writeNumber(_ field: UInt32, _ number: UInt64) {
        writer.writeVarint(UInt64(field) << 3)
        writer.writeVarint(number)
    }

    private mutating func writeBytes(_ field: UInt32, _ bytes: [UInt8]) {
        writer.writeVarint(UInt64(field) << 3 | 2)
        writer.writeVarint(UInt64(bytes.count))
        writer.write(bytes)
    }
}

extension ByteWriter {
    mutating func writeVarint(_ number: UInt64) {
        var rest = number
        while rest > 0x7f {
            write(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        write(UInt8(truncatingIfNeeded: rest))
    }
}
