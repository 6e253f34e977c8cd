/// An IPv4 or IPv6 address.
///
/// The families never compare equal: `::ffff:10.0.0.1` is not `10.0.0.1`.
package struct IPAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Which protocol an address belongs to.
    package enum Family: Hashable, Sendable {
        case v4
        case v6

        /// How many bits an address has.
        package var bits: Int { self == .v4 ? 32 : 128 }
    }

    /// Which protocol it belongs to.
    package let family: Family

    /// The address as a number, first byte on the wire highest; an IPv4 address in the lowest 32 bits.
    let value: UInt128

    init(family: Family, value: UInt128) {
        self.family = family
        self.value = value
    }

    /// Takes 4 or 16 bytes in network order, else `nil`.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.family = bytes.count == 4 ? .v4 : .v6
        self.value = bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// The 4 or 16 bytes in network order.
    package var bytes: [UInt8] {
        stride(from: family.bits - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt128($0)) }
    }

    /// Whether all bits are zero, `0.0.0.0` or `::`.
    package var isUnspecified: Bool { value == 0 }

    /// Whether it names the host itself: 127.0.0.0/8 or `::1`.
    package var isLoopback: Bool { family == .v4 ? value >> 24 == 127 : value == 1 }

    /// Whether it is valid on one link only: 169.254.0.0/16 or fe80::/10.
    package var isLinkLocal: Bool { family == .v4 ? value >> 16 == 0xa9fe : value >> 118 == 0xfe80 >> 6 }

    /// Whether it names a group: 224.0.0.0/4 or ff00::/8.
    package var isMulticast: Bool { family == .v4 ? value >> 28 == 0xe : value >> 120 == 0xff }

    /// IPv4 sorts before IPv6, then by number.
    package static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.value < right.value : left.family == .v4
    }
}
