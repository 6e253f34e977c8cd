package import Addresses

/// The frame that tells the neighbours at which MAC address an IP address is found now.
///
/// For IPv4 a gratuitous ARP request (RFC 5227 §3), for IPv6 an unsolicited neighbour advertisement that overrides (RFC 4861 §7.2.6):
///
///     ff:ff:ff:ff:ff:ff | MAC | 0806 | 0001 0800 06 04 0001 | MAC address | 0 address
///     33:33:00:00:00:01 | MAC | 86dd | 60000000 0020 3a ff | address | ff02::1 | 88 00 checksum 20000000 address 02 01 MAC
package struct NeighbourAnnouncement: Equatable, Sendable {
    /// The whole frame, Ethernet header first, without padding and check sequence.
    package let frame: [UInt8]

    /// Announces `address` at `mac`.
    package init(_ address: IPAddress, at mac: MACAddress) {
        switch address.family {
        case .v4: self.frame = Self.request(address.bytes, mac.bytes)
        case .v6: self.frame = Self.advertisement(address.bytes, mac.bytes)
        }
    }

    private static func request(_ address: [UInt8], _ mac: [UInt8]) -> [UInt8] {
        let ethernet = [UInt8](repeating: 0xff, count: 6) + mac + [0x08, 0x06]
        // Ethernet (1), IPv4 (0x0800), lengths 6 and 4, request (1).
        let header: [UInt8] = [0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01]
        return ethernet + header + mac + address + [UInt8](repeating: 0, count: 6) + address
    }

    private static func advertisement(_ address: [UInt8], _ mac: [UInt8]) -> [UInt8] {
        let ethernet = [0x33, 0x33, 0, 0, 0, 1] + mac + [0x86, 0xdd]
        let allNodes: [UInt8] = [0xff, 0x02] + [UInt8](repeating: 0, count: 13) + [1]
        // Flags: override only, it is neither a router's nor an answer. Option 2, of one unit of 8 bytes: the target's MAC.
        let flags: [UInt8] = [0x20, 0, 0, 0]
        let option: [UInt8] = [2, 1] + mac
        let body = flags + address + option
        let length = UInt8(4 + body.count)
        // Type 136, code 0, and the sum over the pseudo-header of RFC 8200 §8.1.
        let sum = checksum(address + allNodes + [0, 0, 0, length, 0, 0, 0, 58, 136, 0, 0, 0] + body)
        // Version 6; next header ICMPv6 (58); a hop limit of 255 shows that no router passed it on.
        let header: [UInt8] = [0x60, 0, 0, 0, 0, length, 58, 255]
        return ethernet + header + address + allNodes + [136, 0, UInt8(sum >> 8), UInt8(sum & 0xff)] + body
    }

    /// The one's complement of the one's complement sum of 16-bit words; the bytes are of an even number.
    ///
    /// - SeeAlso: RFC 1071 §1
    private static func checksum(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for (index, byte) in bytes.enumerated() { sum += UInt32(byte) << (index.isMultiple(of: 2) ? 8 : 0) }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}
