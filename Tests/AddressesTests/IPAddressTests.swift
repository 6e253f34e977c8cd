import Testing

@testable import Addresses

@Suite struct IPAddressTests {
    // RFC 5952 §1 to §5 and RFC 4291 §2.2: input, recommended form.
    @Test(arguments: [
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::0:1", "2001:db8::1"),
        ("2001:DB8:0:0:0::1", "2001:db8::1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("::ffff:c000:0201", "::ffff:192.0.2.1"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"),
        ("FF01:0:0:0:0:0:0:101", "ff01::101"),
        ("10.0.0.1", "10.0.0.1"),
        ("255.255.255.255", "255.255.255.255"),
        ("0.0.0.0", "0.0.0.0"),
    ])
    func `text is read and written in the recommended form`(text: String, recommended: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == recommended)
        #expect(IPAddress(recommended) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.+4", "1.2.3.-4", "1.2.3.4 ", "1..3.4",
        "0x1.2.3.4",
        ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "12345::", "g::", "+1::", "fe80::1%eth0", "[::1]", "1:", ":1", "::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "1::2:",
        "1:2:3:4:5:6:7:1.2.3.4",
    ])
    func `anything else is refused`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `the families stay apart`() {
        #expect(IPAddress("::ffff:10.0.0.1") != IPAddress("10.0.0.1"))
        #expect(IPAddress("::a00:1") != IPAddress("10.0.0.1"))
        #expect(IPAddress(bytes: [1, 2, 3]) == nil)
    }

    @Test func `kinds of address are told apart`() {
        #expect(IPAddress("127.8.0.1")?.isLoopback == true)
        #expect(IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("0.0.0.1")?.isLoopback == false)
        #expect(IPAddress("169.254.3.4")?.isLinkLocal == true)
        #expect(IPAddress("fe80::1")?.isLinkLocal == true)
        #expect(IPAddress("febf::1")?.isLinkLocal == true)
        #expect(IPAddress("fec0::1")?.isLinkLocal == false)
        #expect(IPAddress("239.1.1.1")?.isMulticast == true)
        #expect(IPAddress("ff02::1")?.isMulticast == true)
        #expect(IPAddress("::")?.isUnspecified == true)
    }
}

@Suite struct IPPrefixTests {
    @Test func `host bits are kept until the network is asked for`() throws {
        let prefix = try #require(IPPrefix("192.168.1.200/24"))
        #expect(prefix.description == "192.168.1.200/24")
        #expect(prefix.network == IPPrefix("192.168.1.0/24"))
        #expect(IPPrefix("2001:db8::5/64")?.network.description == "2001:db8::/64")
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "1.2.3.4", true),
        ("0.0.0.0/0", "::1", false), ("::/0", "ffff::1", true), ("10.1.1.1/32", "10.1.1.1", true),
        ("10.1.1.1/32", "10.1.1.0", false), ("2001:db8::/127", "2001:db8::1", true), ("::1/128", "::1", true),
    ])
    func `a network holds the addresses of its family that share its bits`(
        prefix: String,
        address: String,
        holds: Bool
    ) throws {
        #expect(try #require(IPPrefix(prefix)).contains(#require(IPAddress(address))) == holds)
    }

    @Test(arguments: [
        "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/+8", "10.0.0.1/08", "10.0.0.1/8/8", "/8",
        "::1/129", "10.0.0.1/ 8", "10.0.0.1/255.0.0.0",
    ])
    func `anything but an address and a fitting length is refused`(text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test func `a default route covers everything and a host only itself`() throws {
        #expect(IPPrefix("::/0")?.isDefault == true)
        #expect(IPPrefix(host: try #require(IPAddress("10.0.0.1"))).description == "10.0.0.1/32")
        #expect(IPPrefix(host: try #require(IPAddress("::1"))).description == "::1/128")
    }
}
