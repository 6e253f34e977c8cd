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
        let message = try addressMessage(
            #require(IPPrefix(text)),
            type: 20,
            flags: 0,
            index: 2,
            skipsDuplicateCheck: false,
            purpose: anyPurpose
        )
        let attributes = try #require(AttributeList(message.bytes.dropFirst(24)))
        #expect(attributes[4].map(Array.init) == (hasBroadcast ? [10, 0, 0, 7] : nil))
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
