extension JSONValue {
    /// The JSON text of this value, without white space.
    package func serialized() -> [UInt8] {
        var writer = JSONSerializer(indents: false)
        writer.write(self, depth: 0)
        return writer.bytes
    }

    /// The JSON text of this value for a person: one member a line, four spaces a level, a line feed at the end.
    package func serializedForReading() -> [UInt8] {
        var writer = JSONSerializer(indents: true)
        writer.write(self, depth: 0)
        return writer.bytes + [0x0a]
    }

    /// The JSON text of this value, without white space.
    package var text: String { String(decoding: serialized(), as: UTF8.self) }
}

private struct JSONSerializer {
    let indents: Bool
    var bytes: [UInt8] = []

    init(indents: Bool) { self.indents = indents }

    mutating func write(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: bytes.append(contentsOf: Array("null".utf8))
        case .bool(let value): bytes.append(contentsOf: Array((value ? "true" : "false").utf8))
        case .number(let number): bytes.append(contentsOf: Array(number.text.utf8))
        case .string(let text): write(text)
        case .array(let elements): writeList("[", "]", elements, depth: depth) { $0.write($1, depth: depth + 1) }
        case .object(let object):
            writeList("{", "}", object.members, depth: depth) { writer, member in
                writer.write(member.key)
                writer.bytes.append(UInt8(ascii: ":"))
                if writer.indents { writer.bytes.append(0x20) }
                writer.write(member.value, depth: depth + 1)
            }
        }
    }

    private mutating func writeList<Element>(
        _ opening: Unicode.Scalar,
        _ closing: Unicode.Scalar,
        _ elements: [Element],
        depth: Int,
        _ writeOne: (inout JSONSerializer, Element) -> Void
    ) {
        bytes.append(UInt8(ascii: opening))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine(depth: depth + 1)
            writeOne(&self, element)
        }
        if !elements.isEmpty { breakLine(depth: depth) }
        bytes.append(UInt8(ascii: closing))
    }

    private mutating func breakLine(depth: Int) {
        guard indents else { return }
        bytes.append(0x0a)
        bytes.append(contentsOf: Array(repeating: 0x20, count: 4 * depth))
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0a: bytes.append(contentsOf: Array("\\n".utf8))
            case 0x0d: bytes.append(contentsOf: Array("\\r".utf8))
            case 0x09: bytes.append(contentsOf: Array("\\t".utf8))
            case 0..<0x20:
                bytes.append(contentsOf: Array("\\u00".utf8))
                bytes.append(Self.hexDigits[Int(byte >> 4)])
                bytes.append(Self.hexDigits[Int(byte & 0xf)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
