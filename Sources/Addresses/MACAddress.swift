/// An Ethernet address: 6 bytes, EUI-48.
///
/// - SeeAlso: IEEE 802-2014 §8
package struct MACAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The 48 bits, first byte on the wire highest.
    private let value: UInt64

    /// All zero: how the kernel shows a virtual function that was given no address.
    package static let zero = MACAddress(value: 0)

    /// All ones.
    package static let broadcast = MACAddress(value: 0xffff_ffff_ffff)

    private init(value: UInt64) {
        self.value = value
    }

    /// Takes exactly 6 bytes in the order they are sent, else `nil`.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 6 else { return nil }
        self.value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads `00:1b:21:3c:9d:f8`, `00-1b-21-3c-9d-f8` or `001b.213c.9df8`, digits of either case.
    ///
    /// These are the forms the incumbents' parser takes in network configurations; one separator throughout, every
    /// digit present.
    package init?(_ text: String) {
        let bytes =
            hexBytes(text, separator: colon, bytesAGroup: 1)
            ?? hexBytes(text, separator: UInt8(ascii: "-"), bytesAGroup: 1)
            ?? hexBytes(text, separator: UInt8(ascii: "."), bytesAGroup: 2)
        guard let bytes else { return nil }
        self.init(bytes: bytes)
    }

    /// The 6 bytes in the order they are sent.
    package var bytes: [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * $0)) }
    }

    /// Whether the group bit is set; the broadcast address counts.
    package var isMulticast: Bool { value & 0x0100_0000_0000 != 0 }

    /// Whether an interface may carry it: neither all zero nor a group's (`is_valid_ether_addr`).
    package var isAssignable: Bool { self != .zero && !isMulticast }

    /// Whether it was made up locally and not assigned by a vendor.
    package var isLocallyAdministered: Bool { value & 0x0200_0000_0000 != 0 }

    package static func < (left: MACAddress, right: MACAddress) -> Bool { left.value < right.value }

    /// Lower-case digits between colons.
    package var description: String { hexText(bytes) }
}
