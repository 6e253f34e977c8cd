package import HPACK
import HTTP2

/// Fields that a call or an answer carries beside its messages.
///
/// A name ends in `-bin` if, and only if, its value is octets; those travel as Base64 without padding.
///
/// - SeeAlso: gRPC PROTOCOL-HTTP2.md "Custom-Metadata"
package struct GRPCMetadata: Equatable, Sendable {
    /// As they go into a header block, in the order they were added.
    package private(set) var fields: [HeaderField] = []

    /// Starts empty.
    package init() {}

    /// Adds a text.
    ///
    /// - Parameters:
    ///   - name: of lower-case letters, digits, `_`, `-` and `.`; not in `-bin`, and none of HTTP's or gRPC's own.
    ///   - text: of the characters from 0x20 to 0x7E, without blanks around.
    /// - Throws: INTERNAL for a name or text that may not be, RESOURCE_EXHAUSTED above ``GRPCLimits/metadata``.
    package mutating func add(_ name: String, _ text: String) throws(GRPCStatusError) {
        guard !name.hasSuffix(GRPCMetadata.binarySuffix) else { throw GRPCMetadata.refusal(name) }
        let value = Array(text.utf8)
        let isBlankAround = value.first == 0x20 || value.last == 0x20
        guard value.allSatisfy({ (0x20...0x7e).contains($0) }), !isBlankAround else {
            throw GRPCStatusError(.internalError, "metadata \(name) has a value that is no plain text")
        }
        try append(name, value)
    }

    /// Adds octets.
    ///
    /// - Parameters:
    ///   - name: as for a text, but in `-bin`.
    ///   - octets: any.
    /// - Throws: INTERNAL for a name that may not be, RESOURCE_EXHAUSTED above ``GRPCLimits/metadata``.
    package mutating func add(_ name: String, _ octets: [UInt8]) throws(GRPCStatusError) {
        guard name.hasSuffix(GRPCMetadata.binarySuffix) else { throw GRPCMetadata.refusal(name) }
        try append(name, Base64.encode(octets))
    }

    /// The values that fields with a name in `-bin` hold, several in one field included.
    ///
    /// - Throws: INTERNAL if one is not Base64; padding may be there or not.
    package static func octets(of name: String, in fields: [HeaderField]) throws(GRPCStatusError) -> [[UInt8]] {
        var values: [[UInt8]] = []
        for field in fields where field.name.elementsEqual(name.utf8) {
            // "header names ending in -bin may have multiple values separated by commas"
            for part in field.value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                guard let octets = Base64.decode(part) else {
                    throw GRPCStatusError(.internalError, "metadata \(name) is not Base64")
                }
                values.append(octets)
            }
        }
        return values
    }

    private mutating func append(_ name: String, _ value: [UInt8]) throws(GRPCStatusError) {
        guard GRPCMetadata.isFree(name) else { throw GRPCMetadata.refusal(name) }
        let field = HeaderField(name: Array(name.utf8), value: value)
        guard fields.reduce(field.size, { $0 + $1.size }) <= GRPCLimits.metadata else {
            throw GRPCStatusError(.resourceExhausted, "metadata above \(GRPCLimits.metadata) octets")
        }
        fields.append(field)
    }

    private static func isFree(_ name: String) -> Bool {
        let isLegal = name.utf8.allSatisfy { octet in
            (0x61...0x7a).contains(octet) || (0x30...0x39).contains(octet) || "_-.".utf8.contains(octet)
        }
        return isLegal && !name.isEmpty && !name.hasPrefix("grpc-") && !reserved.contains(name)
    }

    private static func refusal(_ name: String) -> GRPCStatusError {
        GRPCStatusError(.internalError, "metadata cannot be named \(name)")
    }

    private static let binarySuffix = "-bin"
    private static let reserved: Set<String> = [
        "content-type", "content-length", "te", "user-agent", "host", "connection", "proxy-connection", "keep-alive",
        "transfer-encoding", "upgrade",
    ]
}

/// Base64 with the standard alphabet.
///
/// - SeeAlso: RFC 4648 §4
enum Base64 {
    /// The text for octets, without padding.
    static func encode(_ octets: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(octets.count * 4 / 3 + 2)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for octet in octets {
            pending = pending << 8 | UInt32(octet)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(pending >> bits & 0x3f)])
            }
        }
        if bits > 0 { text.append(alphabet[Int(pending << (6 - bits) & 0x3f)]) }
        return text
    }

    /// The octets of a text, padded or not; `nil` for one that no octets have.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var digits = Array(text)
        if digits.count % 4 == 0, digits.last == padding {
            digits.removeLast()
            if digits.last == padding { digits.removeLast() }
        }
        guard digits.count % 4 != 1 else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(digits.count * 3 / 4)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for digit in digits {
            guard let value = value(digit) else { return nil }
            pending = pending << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            octets.append(UInt8(truncatingIfNeeded: pending >> bits))
        }
        // What is left over of the last digit says nothing and has to be zero (RFC 4648 §3.5).
        return pending & (1 << bits - 1) == 0 ? octets : nil
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    private static func value(_ digit: UInt8) -> UInt32? {
        switch digit {
        case 0x41...0x5a: UInt32(digit - 0x41)
        case 0x61...0x7a: UInt32(digit - 0x61) + 26
        case 0x30...0x39: UInt32(digit - 0x30) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
