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
        if !text.isEmpty { writeText(field, text) }
    }

    /// A field with explicit presence: written unless it is `nil`.
    package mutating func write(_ field: UInt32, _ text: String?) {
        if let text { writeText(field, text) }
    }

    /// Also a message of no bytes; nothing if `nil`.
    package mutating func write(_ field: UInt32, _ message: (some ProtobufMessage)?) {
        if let message { writeInner(field) { message.write(to: &$0) } }
    }

    /// Each text, also an empty one.
    package mutating func write(_ field: UInt32, _ texts: [String]) {
        for text in texts { writeText(field, text) }
    }

    /// Each message, also one of no bytes.
    package mutating func write(_ field: UInt32, _ messages: [some ProtobufMessage]) {
        for message in messages { writeInner(field) { message.write(to: &$0) } }
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
            writeInner(field) { entry in
                entry.writeText(1, key)
                entry.writeText(2, value)
            }
        }
    }

    private mutating func writeNumber(_ field: UInt32, _ number: UInt64) {
        writer.writeVarint(UInt64(field) << 3)
        writer.writeVarint(number)
    }

    private mutating func writeText(_ field: UInt32, _ text: String) {
        writer.writeVarint(UInt64(field) << 3 | 2)
        writer.writeVarint(UInt64(text.utf8.count))
        writer.write(text)
    }

    /// Writes a message where it belongs, and its length before it when that is known: mostly of one byte, which is kept free.
    private mutating func writeInner(_ field: UInt32, _ write: (inout MessageWriter) -> Void) {
        writer.writeVarint(UInt64(field) << 3 | 2)
        let place = writer.count
        writer.write(0)
        write(&self)
        let count = writer.count - place - 1
        guard count > 0x7f else { return writer.replaceByte(at: place, with: UInt8(truncatingIfNeeded: count)) }
        var length = ByteWriter()
        length.writeVarint(UInt64(count))
        writer.replaceByte(at: place, with: length.bytes)
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
