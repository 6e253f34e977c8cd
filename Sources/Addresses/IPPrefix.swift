/// An address with the length of its network, `192.168.1.200/24`.
///
/// The host bits are kept, as an interface's address and CNI's `ips` need; ``network`` clears them.
package struct IPPrefix: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The address, host bits included.
    package let address: IPAddress

    /// How many leading bits name the network: up to 32 or 128.
    package let length: Int

    /// Joins the two; `nil` for a length the address family does not have.
    package init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bits).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// A network of one address: /32 or /128.
    package init(host address: IPAddress) {
        self.address = address
        self.length = address.family.bits
    }

    /// Reads an address, one slash and a decimal length without sign or needless zero.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2,
            let address = IPAddress(String(Substring(parts[0]))),
            let length = decimal(parts[1], upTo: address.family.bits)
        else { return nil }
        self.init(address, length: length)
    }

    /// The same prefix with its host bits cleared.
    package var network: IPPrefix {
        IPPrefix(address: IPAddress(family: address.family, value: address.value & mask), length: length)
    }

    /// Whether `other` lies in this network.
    package func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && other.value & mask == address.value & mask
    }

    /// Whether it covers its whole family, as a default route does.
    package var isDefault: Bool { length == 0 }

    private init(address: IPAddress, length: Int) {
        self.address = address
        self.length = length
    }

    private var mask: UInt128 {
        // Smart shifts: a shift by the whole width gives zero.
        let family = UInt128.max >> UInt128(128 - address.family.bits)
        return family & ~(family >> UInt128(length))
    }

    /// By address, then the shorter prefix first.
    package static func < (left: IPPrefix, right: IPPrefix) -> Bool {
        (left.address, left.length) < (right.address, right.length)
    }

    package var description: String { "\(address)/\(length)" }
}
