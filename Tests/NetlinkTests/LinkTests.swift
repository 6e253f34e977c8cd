import Addresses
import Glibc
import LinuxSystem
import Testing

@testable import Netlink

@Suite struct LinkChangeTests {
    @Test func `a change names the bits it changes and no other`() throws {
        let message = try LinkChange(isUp: true, isPromiscuous: false).message(
            index: 258,
            namespace: nil,
            purpose: anyPurpose
        )
        // RTM_NEWLINK (16) as iproute2's; IFF_UP 0x1 set, IFF_PROMISC 0x100 cleared: flags, then mask.
        let expected = hex("20000000 1000 0000 00000000 00000000 | 00 00 0000 02010000 01000000 01010000")
        #expect(message?.bytes == expected)
    }

    @Test func `move, name, address and the rest go in one message`() throws {
        let change = LinkChange(name: "net1", address: HardwareAddress("02:00:00:00:00:09"), mtu: 9000, masterIndex: 0)
        let message = try change.message(index: 5, namespace: 7, purpose: anyPurpose)
        let expected = """
            50000000 1000 0000 00000000 00000000 | 00 00 0000 05000000 00000000 00000000
            0a00 0100 020000000009 0000 | 0800 0400 28230000 | 0900 0300 6e657431 00 000000
            0800 0a00 00000000 | 0800 1c00 07000000
            """
        #expect(message?.bytes == hex(expected))
    }

    @Test func `nothing to change is no message`() throws {
        let isEmpty = try LinkChange().message(index: 5, namespace: nil, purpose: anyPurpose) == nil
        #expect(isEmpty)
    }

    @Test func `a name with a zero byte is refused, not cut off`() throws {
        #expect(throws: anyPurpose.error(EINVAL)) {
            _ = try LinkChange(name: "net1\0x").message(index: 5, namespace: nil, purpose: anyPurpose)
        }
    }

    @Test func `a name too long for a link is refused, not cut off`() throws {
        // ERANGE, as the kernel answers it.
        #expect(throws: anyPurpose.error(ERANGE)) {
            _ = try LinkChange(name: "sixteen-bytes-xx").message(index: 5, namespace: nil, purpose: anyPurpose)
        }
        let fits = try LinkChange(name: "fifteen-bytes-x").message(index: 5, namespace: nil, purpose: anyPurpose)?.bytes
        #expect(fits != nil)
    }

    @Test func `an alternative name is put as iproute2 puts it`() throws {
        let message = try alternativeName(
            "longer-than-fifteen-bytes",
            type: 108,
            // NLM_F_CREATE | NLM_F_EXCL
            flags: 0x600,
            index: 2,
            purpose: anyPurpose
        )
        // `ip link property add dev … altname longer-than-fifteen-bytes`, iproute2 6.1 in strace; sending adds
        // REQUEST and ACK.
        let expected = """
            44000000 6c00 0006 00000000 00000000 | 00 00 0000 02000000 00000000 00000000
            2400 3480 | 1e00 3500 6c6f6e676572 2d 7468616e 2d 6669667465656e 2d 6279746573 00 0000
            """
        #expect(message.bytes == hex(expected))
    }
}

@Suite struct LinkTests {
    @Test func `links are found by name, alternative name and index, and what is not there is absent`() throws {
        let test = try TestNamespace("find")
        try test.ip(
            "link",
            "add",
            "left",
            "mtu",
            "1400",
            "address",
            "02:00:00:00:00:01",
            "type",
            "veth",
            "peer",
            "right"
        )
        let socket = try RouteSocket(in: test.open())
        let link = try #require(try socket.link(named: "left"))
        #expect(link.address?.mac == MACAddress("02:00:00:00:00:01"))
        #expect(link.mtu == 1400)
        #expect(link.kind == "veth")
        #expect(link.hardwareType == .ethernet)
        #expect(!link.isUp && !link.hasCarrier && !link.isLoopback)
        #expect(link.lowerIndex == (try socket.link(named: "right")?.index))
        #expect(link.lowerNamespaceID == nil)
        #expect(link.masterIndex == nil)
        let long = "an-alternative-name-longer-than-fifteen-bytes"
        try socket.addAlternativeName(long, toLink: link.index)
        try socket.addAlternativeName("short", toLink: link.index)
        for name in [long, "short"] { #expect(try socket.link(named: name)?.index == link.index) }
        #expect(try socket.link(index: link.index)?.alternativeNames.sorted() == [long, "short"])
        #expect(throws: NetlinkError.self) { try socket.addAlternativeName("left", toLink: link.index) }
        try socket.removeAlternativeName(long, fromLink: link.index)
        #expect(try socket.link(index: link.index)?.alternativeNames == ["short"])
        #expect(try socket.link(named: long) == nil)
        #expect(try socket.link(named: "none") == nil)
        #expect(try socket.link(index: 4711) == nil)
    }

    @Test func `a change leaves what it does not name`() throws {
        let test = try TestNamespace("change")
        try test.ip("link", "add", "left", "type", "veth", "peer", "right")
        try test.ip("link", "set", "left", "promisc", "on", "multicast", "off")
        let socket = try RouteSocket(in: test.open())
        let index = try #require(try socket.link(named: "left")?.index)
        let peer = try #require(try socket.link(named: "right")?.index)
        let address = HardwareAddress("02:00:00:00:00:07")
        try socket.change(link: index, LinkChange(address: address, mtu: 1300, isUp: true, isAllMulticast: true))
        try socket.change(link: peer, LinkChange(isUp: true))
        let link = try #require(try socket.link(index: index))
        #expect(link.isUp && link.hasCarrier && link.isPromiscuous && link.isAllMulticast)
        #expect(link.promiscuousUsers == 1)
        #expect(link.operationalState == .up)
        #expect(link.mtu == 1300 && link.address == address && link.name == "left")
        // The multicast flag was off before and nobody named it.
        #expect(try !test.ip("link", "show", "left").contains("MULTICAST,"))
        try socket.change(link: index, LinkChange(isUp: false, isPromiscuous: false))
        #expect(try socket.link(index: index)?.isPromiscuous == false)
        #expect(try socket.link(index: index)?.isAllMulticast == true)
    }

    @Test func `a link moves with a new name, address and MTU in one request, past a link of its old name`() throws {
        let host = try TestNamespace("from")
        let pod = try TestNamespace("to")
        try host.ip("link", "add", "eth0", "type", "veth", "peer", "right")
        try pod.ip("link", "add", "eth0", "type", "veth", "peer", "other")
        let hostNamespace = try host.open()
        let podNamespace = try pod.open()
        let hostSocket = try RouteSocket(in: hostNamespace)
        let podSocket = try RouteSocket(in: podNamespace)
        let before = try #require(try hostSocket.link(named: "eth0"))
        let address = HardwareAddress("02:00:00:00:00:08")
        try hostSocket.move(
            link: before.index,
            to: podNamespace,
            changing: LinkChange(name: "net1", address: address, mtu: 1350, isUp: true)
        )
        #expect(try hostSocket.link(named: "eth0") == nil)
        let moved = try #require(try podSocket.link(named: "net1"))
        #expect(moved.address == address && moved.mtu == 1350 && moved.isUp)
        #expect(moved.lowerNamespaceID != nil)
        // And back, as an undo does it.
        try podSocket.move(
            link: moved.index,
            to: hostNamespace,
            changing: LinkChange(name: before.name, address: before.address, mtu: before.mtu, isUp: false)
        )
        let back = try #require(try hostSocket.link(named: "eth0"))
        #expect(back.address == before.address && back.mtu == before.mtu && !back.isUp)
    }

    @Test func `a new name in use at the destination is refused when the link is there already`() throws {
        let host = try TestNamespace("half")
        let pod = try TestNamespace("full")
        try host.ip("link", "add", "left", "type", "veth", "peer", "right")
        try pod.ip("link", "add", "net1", "type", "veth", "peer", "other")
        let socket = try RouteSocket(in: host.open())
        let podNamespace = try pod.open()
        let podSocket = try RouteSocket(in: podNamespace)
        let index = try #require(try socket.link(named: "left")?.index)
        #expect {
            try socket.move(link: index, to: podNamespace, changing: LinkChange(name: "net1"))
        } throws: { error in
            (error as? NetlinkError)?.errno == EEXIST
        }
        #expect(try socket.link(named: "left") == nil)
        #expect(try podSocket.link(named: "left")?.kind == "veth")
    }

    @Test func `an old name in use at the destination without a new one refuses the move and the link stays`() throws {
        let host = try TestNamespace("stay")
        let pod = try TestNamespace("full")
        try host.ip("link", "add", "net1", "type", "veth", "peer", "right")
        try pod.ip("link", "add", "net1", "type", "veth", "peer", "other")
        let socket = try RouteSocket(in: host.open())
        let podNamespace = try pod.open()
        let index = try #require(try socket.link(named: "net1")?.index)
        #expect {
            try socket.move(link: index, to: podNamespace)
        } throws: { error in
            (error as? NetlinkError)?.errno == EEXIST
        }
        #expect(try socket.link(named: "net1")?.index == index)
    }

    @Test func `a socket stays with the namespace it was opened in`() throws {
        let test = try TestNamespace("bound")
        try test.ip("link", "add", "br0", "type", "bridge")
        try test.ip("link", "add", "left", "type", "veth", "peer", "right")
        try test.ip("link", "set", "left", "master", "br0")
        let socket = try RouteSocket(in: test.open())
        let links = try socket.links()
        #expect(links.map(\.name).sorted() == ["br0", "left", "lo", "right"])
        #expect(links.first?.isLoopback == true)
        #expect(links.first { $0.name == "left" }?.masterIndex == links.first { $0.name == "br0" }?.index)
        #expect(try RouteSocket().link(named: "br0") == nil)
    }

    @Test func `three hundred links are listed whole`() throws {
        let test = try TestNamespace("many")
        try test.ip("link", "add", "base", "type", "veth", "peer", "right")
        // One process for all: `ip -batch` reads from standard input.
        var child = ChildProcess("/sbin/ip", arguments: ["ip", "-n", test.name, "-batch", "-"])
        child.input = (0..<300).flatMap { Array("link add link base name m\($0) type macvlan\n".utf8) }
        #expect(try child.run(until: .after(seconds: 60)).ending == .exited(0))
        #expect(try RouteSocket(in: test.open()).links().count == 303)
    }

    @Test func `a kernel's own words come with its refusal`() throws {
        let test = try TestNamespace("words")
        try test.ip("link", "add", "left", "type", "veth", "peer", "right")
        let socket = try RouteSocket(in: test.open())
        let index = try #require(try socket.link(named: "left")?.index)
        #expect {
            try socket.change(link: index, LinkChange(mtu: 1))
        } throws: { error in
            // net/core/dev.c: dev_validate_mtu.
            (error as? NetlinkError)?.errno == EINVAL
                && (error as? NetlinkError)?.kernelText == "mtu less than device minimum"
        }
        // The socket is as good as before.
        #expect(try socket.link(index: index)?.index == index)
    }
}
