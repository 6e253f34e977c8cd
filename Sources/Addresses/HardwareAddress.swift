/// The link-layer address of an interface, of whatever length its kind has.
///
/// Ethernet has 6 bytes, InfiniBand 20, an IPv4 tunnel 4; the kernel's limit is 32 (`MAX_ADDR_LEN`). Text is
/// two hexadecimal digits a byte between colons, `00:1b:21:3c:9d:f8`.
package struct HardwareAddress: Hashable, Sendable, CustomStringConvertible {
    /// The longest address the kernel has room for.
    package static let longest = 32

    /// The bytes in the order they are sent; from 1 to ``longest`` of them.
    package let bytes: [UInt8]

    /// Takes the bytes as they are; `nil` for none or for more than ``longest``.
    package init?(bytes: [UInt8]) {
        guard (1...Self.longest).contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// Widens an Ethernet address.
    package init(_ address: MACAddress) {
        self.bytes = address.bytes
    }

    /// Reads two hexadecimal digits a byte, of either case, between single colons; nothing else is accepted.
    package init?(_ text: String) {
        guard let bytes = hexBytes(text, separator: colon, bytesAGroup: 1) else { return nil }
        self.init(bytes: bytes)
    }

    /// The same address as Ethernet's; `nil` unless it has 6 bytes.
    package var mac: MACAddress? { MACAddress(bytes: bytes) }

    /// Lower-case digits between colons.
    package var description: String { hexText(bytes) }
}
