import Addresses
import SRIOVPlugin
import Testing

@Suite struct NeighbourAnnouncementTests {
    private func frame(_ address: String, _ mac: String) throws -> String {
        let announcement = NeighbourAnnouncement(try #require(IPAddress(address)), at: try #require(MACAddress(mac)))
        return announcement.frame.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// Sender and target are the address itself (RFC 5227 §3); the layout is RFC 826's.
    @Test func `an IPv4 address is announced by a request for itself`() throws {
        #expect(
            try frame("10.9.0.5", "02:00:00:00:00:ab")
                == "ffffffffffff" + "0200000000ab" + "0806" + "0001" + "0800" + "0604" + "0001"
                + "0200000000ab" + "0a090005" + "000000000000" + "0a090005"
        )
    }

    /// The layout is RFC 4861 §4.4's; the check sum was computed apart, over RFC 8200's pseudo-header.
    @Test func `an IPv6 address is announced to all nodes, and overrides`() throws {
        #expect(
            try frame("fd00::5", "02:00:00:00:00:ab")
                == "333300000001" + "0200000000ab" + "86dd" + "60000000" + "0020" + "3a" + "ff"
                + "fd000000000000000000000000000005" + "ff020000000000000000000000000001"
                + "8800" + "59e9" + "20000000" + "fd000000000000000000000000000005" + "0201" + "0200000000ab"
        )
    }
}
