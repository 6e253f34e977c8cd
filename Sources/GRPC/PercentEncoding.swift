/// The encoding of `grpc-message`: octets outside 0x20 to 0x7E, and `%`, become `%` and two upper-case digits.
///
/// - SeeAlso: gRPC PROTOCOL-HTTP2.md "Responses"
package enum PercentEncoding {
    /// The longest message sent, in octets before encoding, so that three times as many stay far below a peer's header list.
    package static let messageLimit = 2048

    /// Encodes the beginning of `text`, up to ``messageLimit`` octets and never through the middle of a character.
    ///
    /// A blank at either end is encoded too: RFC 9113 §8.2.1 allows none around a field value.
    package static func encode(_ text: String) -> [UInt8] {
        var octets = Array(text.utf8.prefix(messageLimit + 1))
        if octets.count > messageLimit {
            octets.removeLast()
            // Cut back to the start of a character.
            while let last = octets.last, last & 0xc0 == 0x80 { octets.removeLast() }
            if let last = octets.last, last >= 0xc0 { octets.removeLast() }
        }
        var encoded: [UInt8] = []
        for (index, octet) in octets.enumerated() {
            let isEdgeBlank = octet == 0x20 && (index == 0 || index == octets.count - 1)
            if (0x20...0x7e).contains(octet), octet != 0x25, !isEdgeBlank {
                encoded.append(octet)
            } else {
                encoded += [0x25, digits[Int(octet >> 4)], digits[Int(octet & 0xf)]]
            }
        }
        return encoded
    }

    /// Decodes leniently: digits of any case, and broken escapes stay as they are.
    package static func decode(_ encoded: [UInt8]) -> String {
        var octets: [UInt8] = []
        var index = 0
        while index < encoded.count {
            if encoded[index] == 0x25, index + 2 < encoded.count,
                let high = value(encoded[index + 1]), let low = value(encoded[index + 2])
            {
                octets.append(high << 4 | low)
                index += 3
            } else {
                octets.append(encoded[index])
                index += 1
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
