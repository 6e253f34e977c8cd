import Addresses
import Glibc
import LinuxSystem
import Testing

@testable import Netlink

@Suite struct InterfaceAddressTests {
    @Test func `addresses of both families are added, listed and removed`() throws {
        let test = try TestNamespace("addr")
        try test.ip("link", "add", "left", "up", "type", "veth", "peer", "right")
        let socket = try RouteSocket(in: test.open())
        let index = try #require(try socket.link(named: "left")?.index)
        let v4 = try #require(IPPrefix("192.168.1.200/24"))
        let v6 = try #require(IPPrefix("2001:db8::200/64"))
        try socket.add(v4, toLink: index)
        try socket.add(v6, toLink: index, skipsDuplicateCheck: true)
        let found = try socket.addresses(ofLink: index)
        #expect(found.map(\.prefix) == [v4, v6])
        #expect(found.allSatisfy { $0.isPermanent && !$0.isTentative && $0.scope == .universe && $0.peer == nil })
        // As the incumbents' plugins leave it.
        #expect(try test.ip("address", "show", "left").contains("inet 192.168.1.200/24 brd 192.168.1.255 scope global"))
        #expect {
            try socket.add(v4, toLink: index)
        } throws: { error in
            (error as? NetlinkError)?.errno == EEXIST
        }
        try socket.remove(v4, fromLink: index)
        try socket.remove(v4, fromLink: index)
        #expect(try socket.addresses(ofLink: index).map(\.prefix) == [v6])
        #expect(try socket.addresses().map(\.interfaceIndex) == [index])
    }

    @Test func `a link to one peer has its own address and the peer's`() throws {
        let test = try TestNamespace("peer")
        try test.ip("link", "add", "left", "type", "veth", "peer", "right")
        try test.ip("address", "add", "10.0.0.1", "peer", "10.0.0.2/32", "dev", "left")
        let address = try #require(try RouteSocket(in: test.open()).addresses().first)
        #expect(address.prefix == IPPrefix("10.0.0.1/32"))
        #expect(address.peer == IPAddress("10.0.0.2"))
    }

    @Test(arguments: [("10.0.0.5/31", false), ("10.0.0.5/32", false), ("10.0.0.5/30", true), ("::1/64", false)])
    func `only an IPv4 network of more than two addresses has a broadcast address`(
        text: String,
        hasBroadcast: Bool
    ) throws {
        let message = try addressMessage(adding: true, #require(IPPrefix(text)), link: 2, purpose: anyPurpose)
        let attributes = try #require(AttributeList(message.bytes.dropFirst(24)))
        #expect(attributes[4].map(Array.init) == (hasBroadcast ? [10, 0, 0, 7] : nil))
    }
}

extension InterfaceAddressTests {
    @Test func `an address is asked for with what the kernel needs and no more`() throws {
        // RTM_NEWADDR (20), NLM_F_CREATE | NLM_F_EXCL; `struct ifaddrmsg` with IFA_F_NODAD (2); IFA_LOCAL (2),
        // IFA_ADDRESS (1), for IPv4 IFA_BROADCAST (4). RTM_DELADDR (21) has no flag.
        let v4 = try addressMessage(adding: true, #require(IPPrefix("10.0.0.5/30")), link: 2, purpose: anyPurpose)
        let expected = """
            30000000 1400 0006 00000000 00000000 | 02 1e 00 00 02000000
            0800 0200 0a000005 | 0800 0100 0a000005 | 0800 0400 0a000007
            """
        #expect(v4.bytes == hex(expected))
        // RT_SCOPE_HOST (254) where iproute2 says so too.
        let own = try addressMessage(adding: true, #require(IPPrefix("127.0.0.2/8")), link: 1, purpose: anyPurpose)
        #expect(own.bytes.dropFirst(16).prefix(4).elementsEqual([2, 8, 0, 254]))
        let prefix = try #require(IPPrefix("2001:db8::5/64"))
        let v6 = try addressMessage(adding: false, prefix, link: 258, flags: 2, purpose: anyPurpose)
        let address = "20010db8 00000000 00000000 00000005"
        let removal = "40000000 1500 0000 00000000 00000000 | 0a 40 02 00 02010000"
        #expect(v6.bytes == hex("\(removal) | 1400 0200 \(address) | 1400 0100 \(address)"))
    }
}

@Suite struct RouteTests {
    private func prepared(_ name: String) throws -> TestNamespace {
        let test = try TestNamespace(name)
        try test.ip("link", "add", "left", "up", "type", "veth", "peer", "right")
        try test.ip("link", "set", "right", "up")
        try test.ip("address", "add", "10.1.0.2/24", "dev", "left")
        try test.ip("address", "add", "2001:db8:1::2/64", "dev", "left", "nodad")
        return test
    }

    @Test func `routes are added with all they say, listed and removed`() throws {
        let test = try prepared("route")
        let socket = try RouteSocket(in: test.open())
        let index = try #require(try socket.link(named: "left")?.index)
        var route = Route(to: try #require(IPPrefix("10.9.0.0/16")), via: IPAddress("10.1.0.1"), interfaceIndex: index)
        route.mtu = 1400
        route.advertisedMSS = 1300
        route.priority = 77
        route.table = RouteTable(rawValue: 1000)
        route.preferredSource = IPAddress("10.1.0.2")
        try socket.add(route)
        route.scope = .universe
        #expect(try socket.routes(.v4, table: RouteTable(rawValue: 1000)) == [route])
        #expect(
            try test.ip("route", "show", "table", "1000").trimmed
                == "10.9.0.0/16 via 10.1.0.1 dev left src 10.1.0.2 metric 77 mtu 1400 advmss 1300"
        )
        try socket.remove(route)
        try socket.remove(route)
        #expect(try socket.routes(.v4, table: RouteTable(rawValue: 1000)) == [])
        #expect(try socket.routes(.v4, table: RouteTable(rawValue: 4711)) == [])
    }

    @Test func `a route is asked for with what it says and no more`() throws {
        var route = Route(to: try #require(IPPrefix("10.9.0.0/16")), via: IPAddress("10.1.0.1"), interfaceIndex: 2)
        route.mtu = 1400
        route.priority = 77
        route.table = RouteTable(rawValue: 1000)
        route.isOnLink = true
        // RTM_NEWROUTE (24), NLM_F_CREATE | NLM_F_EXCL; `struct rtmsg` with the table's low byte, RTPROT_BOOT (3),
        // RT_SCOPE_UNIVERSE (0), RTN_UNICAST (1), RTNH_F_ONLINK (4); RTA_TABLE (15), RTA_DST (1), RTA_PRIORITY (6),
        // RTA_METRICS (8) with RTAX_MTU (2), RTA_GATEWAY (5), RTA_OIF (4).
        let expected = """
            50000000 1800 0006 00000000 00000000 | 02 10 00 00 e8 03 00 01 04000000
            0800 0f00 e8030000 | 0800 0100 0a090000 | 0800 0600 4d000000 | 0c00 0880 | 0800 0200 78050000
            0800 0500 0a010001 | 0800 0400 02000000
            """
        let addition = try route.message(adding: true, purpose: anyPurpose).bytes
        #expect(addition == hex(expected))
        // A default route of IPv6: RTM_DELROUTE (25), a metric only where one is given.
        let other = Route(to: try #require(IPPrefix("::/0")), interfaceIndex: 3)
        let expectedRemoval = """
            40000000 1900 0000 00000000 00000000 | 0a 00 00 00 fe 03 00 01 00000000
            0800 0f00 fe000000 | 1400 0100 00000000 00000000 00000000 00000000 | 0800 0400 03000000
            """
        let removal = try other.message(adding: false, purpose: anyPurpose).bytes
        #expect(removal == hex(expectedRemoval))
    }

    @Test func `a route with an encapsulation is read as any other`() throws {
        // What Linux 6.18 answers for `ip route add 10.8.0.0/24 encap ip id 1 dst 10.1.0.1 via 10.1.0.1 dev left`,
        // shortened: RTA_ENCAP_TYPE (21) LWTUNNEL_ENCAP_IP (2), RTA_ENCAP (22). libnl 3.7.0 refuses it.
        let payload =
            hex("02 18 00 00 fe 03 00 01 00000000") + attribute(15, nativeBytes(UInt32(254)))
            + attribute(1, [10, 8, 0, 0]) + attribute(5, [10, 1, 0, 1]) + attribute(4, nativeBytes(UInt32(3)))
            + attribute(22, attribute(1, [0, 0, 0, 0, 0, 0, 0, 1])) + attribute(21, nativeBytes(UInt16(2)))
        var route = Route(to: try #require(IPPrefix("10.8.0.0/24")), via: IPAddress("10.1.0.1"), interfaceIndex: 3)
        route.scope = .universe
        #expect(Route.all(in: payload[...]) == [route])
    }

    @Test func `a route on the link and one over a gateway that is not there reach as far as they should`() throws {
        let test = try prepared("scope")
        let socket = try RouteSocket(in: test.open())
        let index = try #require(try socket.link(named: "left")?.index)
        try socket.add(Route(to: try #require(IPPrefix("172.16.0.0/12")), interfaceIndex: index))
        let found = try socket.routes(.v4).first { $0.destination == IPPrefix("172.16.0.0/12") }
        #expect(found?.scope == .link)
        var far = Route(to: try #require(IPPrefix("10.3.0.0/16")), via: IPAddress("192.0.2.1"), interfaceIndex: index)
        #expect {
            try socket.add(far)
        } throws: { error in
            (error as? NetlinkError)?.errno == ENETUNREACH
                && (error as? NetlinkError)?.kernelText == "Nexthop has invalid gateway"
        }
        far.isOnLink = true
        try socket.add(far)
        #expect(try socket.routes(.v4).first { $0.destination == far.destination }?.isOnLink == true)
    }

    @Test func `default routes of both families are found, every next hop of them`() throws {
        let test = try prepared("default")
        let socket = try RouteSocket(in: test.open())
        let left = try #require(try socket.link(named: "left")?.index)
        let right = try #require(try socket.link(named: "right")?.index)
        #expect(try socket.defaultRoutes() == [])
        try test.ip("address", "add", "10.2.0.2/24", "dev", "right")
        try test.ip(
            "route",
            "add",
            "default",
            "nexthop",
            "via",
            "10.1.0.1",
            "dev",
            "left",
            "nexthop",
            "via",
            "10.2.0.1",
            "dev",
            "right"
        )
        try socket.add(
            Route(to: try #require(IPPrefix("::/0")), via: IPAddress("2001:db8:1::1"), interfaceIndex: left)
        )
        let routes = try socket.defaultRoutes()
        #expect(routes.map(\.interfaceIndex) == [left, right, left])
        #expect(routes.map { $0.gateway?.description } == ["10.1.0.1", "10.2.0.1", "2001:db8:1::1"])
    }

    @Test func `an IPv4 route may go over an IPv6 router`() throws {
        let test = try prepared("via")
        let socket = try RouteSocket(in: test.open())
        let index = try #require(try socket.link(named: "left")?.index)
        let route = Route(
            to: try #require(IPPrefix("10.4.0.0/16")),
            via: IPAddress("2001:db8:1::1"),
            interfaceIndex: index
        )
        try socket.add(route)
        #expect(try socket.routes(.v4).first { $0.destination == route.destination }?.gateway == route.gateway)
    }
}

extension String {
    var trimmed: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
