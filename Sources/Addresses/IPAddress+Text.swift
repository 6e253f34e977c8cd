extension IPAddress {
    /// Reads a dotted quad or any IPv6 form of RFC 4291 §2.2.
    ///
    /// Refused: leading zeros in a quad, which some parsers take for octal; zones (`fe80::1%eth0`); brackets;
    /// blanks.
    package init?(_ text: String) {
        let characters = Array(text.utf8)
        if characters.contains(colon) {
            guard let groups = Self.groups(ofIPv6: characters) else { return nil }
            self.init(family: .v6, value: groups.reduce(0) { $0 << 16 | UInt128($1) })
        } else {
            guard let quad = Self.quad(characters[...]) else { return nil }
            self.init(family: .v4, value: UInt128(quad))
        }
    }

    /// The dotted quad, or the form RFC 5952 recommends.
    package var description: String {
        switch family {
        case .v4: Self.text(ofQuad: UInt32(truncatingIfNeeded: value))
        case .v6: textOfIPv6
        }
    }

    private static func text(ofQuad quad: UInt32) -> String {
        "\(quad >> 24).\(quad >> 16 & 0xff).\(quad >> 8 & 0xff).\(quad & 0xff)"
    }

    private static func quad(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var quad: UInt32 = 0
        for part in parts {
            guard let byte = decimal(part, upTo: 255) else { return nil }
            quad = quad << 8 | UInt32(byte)
        }
        return quad
    }

    /// The eight 16-bit groups.
    private static func groups(ofIPv6 text: [UInt8]) -> [UInt16]? {
        guard let gap = gap(in: text) else {
            guard let groups = groups(text[...], mayEndInQuad: true), groups.count == 8 else { return nil }
            return groups
        }
        guard let head = groups(text[..<gap], mayEndInQuad: false),
            let tail = groups(text[(gap + 2)...], mayEndInQuad: true),
            // RFC 4291 writes "one or more groups of 16 bits of zeros"; RFC 5952 §4.2.2 only dislikes a gap of one.
            head.count + tail.count <= 7
        else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    /// Where the first `::` begins; a second one is then found as an empty group.
    private static func gap(in text: [UInt8]) -> Int? {
        zip(text.indices, zip(text, text.dropFirst())).first { $1.0 == colon && $1.1 == colon }?.0
    }

    /// The groups of a part without `::`; none for an empty part.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInQuad: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: colon, omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInQuad, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let quad = quad(part) else { return nil }
                groups += [UInt16(quad >> 16), UInt16(quad & 0xffff)]
            } else {
                guard let group = group(part) else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func group(_ text: ArraySlice<UInt8>) -> UInt16? {
        guard (1...4).contains(text.count) else { return nil }
        var group: UInt16 = 0
        for character in text {
            guard let digit = hexDigit(character) else { return nil }
            group = group << 4 | UInt16(digit)
        }
        return group
    }

    /// Lower case, no leading zeros, the first longest run of two or more zero groups as `::`, and the quad form
    /// for IPv4-mapped addresses (RFC 5952 §4 and §5).
    private var textOfIPv6: String {
        if value >> 32 == 0xffff { return "::ffff:" + Self.text(ofQuad: UInt32(truncatingIfNeeded: value)) }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: value >> UInt128(112 - 16 * $0)) }
        let words = groups.map { String($0, radix: 16) }
        guard let gap = Self.longestRunOfZeros(in: groups) else { return words.joined(separator: ":") }
        return words[..<gap.lowerBound].joined(separator: ":") + "::"
            + words[gap.upperBound...].joined(separator: ":")
    }

    private static func longestRunOfZeros(in groups: [UInt16]) -> Range<Int>? {
        var longest = 0..<0
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index + 1 - start > longest.count {
                longest = start..<(index + 1)
            }
        }
        return longest.count >= 2 ? longest : nil
    }
}
