import Glibc
import LinuxSystem
import Testing

@testable import Netlink

@Suite struct ReplyTests {
    @Test func `a refusal has its number and the kernel's words`() throws {
        // NLMSG_ERROR (2), NLM_F_CAPPED | NLM_F_ACK_TLVS (0x300), sequence 7: -EINVAL, the request's header (16 bytes),
        // NLMSGERR_ATTR_MSG (1) "bad". Layout: include/uapi/linux/netlink.h.
        let bytes = hex(
            "2c000000 0200 0003 07000000 00000000 | eaffffff | 20000000 1300 0500 07000000 00000000 | 0800 0100 62616400"
        )
        let reply = try #require(Reply.all(in: bytes)?.first)
        #expect(reply.sequence == 7)
        #expect(reply.errorNumber == EINVAL)
        #expect(reply.kernelText == "bad")
    }

    @Test func `without the cap the words stand behind the whole request`() throws {
        let bytes = hex(
            """
            34000000 0200 0002 07000000 00000000 | eaffffff | 18000000 1300 0500 07000000 00000000 | 0102030405060708
            0800 0100 62616400
            """
        )
        #expect(try #require(Reply.all(in: bytes)?.first).kernelText == "bad")
    }

    @Test func `several messages of one datagram are told apart`() throws {
        let bytes = hex(
            "14000000 1000 0200 01000000 00000000 | aabbccdd | 14000000 0300 0200 01000000 00000000 00000000"
        )
        let replies = try #require(Reply.all(in: bytes))
        #expect(replies.map(\.type) == [16, 3])
        #expect(replies.first.map { Array($0.payload) } == [0xaa, 0xbb, 0xcc, 0xdd])
        #expect(replies.last?.errorNumber == 0)
    }

    @Test(arguments: [
        "0f000000 1000 0200 01000000 00000000", "00000000 1000 0200 01000000 00000000",
        "15000000 1000 0200 01000000 00000000 00000000", "10000000 1000 0200 0100", "1000",
    ])
    func `a message shorter or longer than it claims is refused`(text: String) {
        #expect(Reply.all(in: hex(text)) == nil)
    }

    @Test(arguments: ["0300 0100", "0000 0100", "0900 0100 00000000", "0400"])
    func `an attribute shorter or longer than it claims is refused`(text: String) {
        #expect(AttributeList(hex(text)[...]) == nil)
    }

    @Test func `flag bits of a type and the padding of the last attribute do not count`() throws {
        let attributes = try #require(AttributeList(hex("0500 3480 61 000000 | 0500 0340 62")[...]))
        #expect(attributes[0x34]?.text == "a")
        #expect(attributes[3]?.text == "b")
    }

    /// SplitMix64, so that a failure can be had again.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64 = 42

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
            return value ^ (value >> 31)
        }
    }

    @Test func `real answers with bytes changed and cut off are read or refused, and never trap`() throws {
        let test = try TestNamespace("mangle")
        try test.ip("link", "add", "left", "up", "type", "veth", "peer", "right")
        try test.ip("address", "add", "10.1.0.2/24", "dev", "left")
        try test.ip(
            "route",
            "add",
            "10.9.0.0/16",
            "mtu",
            "1400",
            "nexthop",
            "dev",
            "left",
            "nexthop",
            "via",
            "10.1.0.1"
        )
        let socket = try RouteSocket(in: test.open())
        var payloads: [[UInt8]] = []
        // RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, with the length of their fixed headers.
        for (type, length) in [(18, 16), (22, 8), (26, 12)] {
            let header = [UInt8](repeating: 0, count: length)
            let message = try Message(type: type, flags: 0x300, header: header, purpose: anyPurpose)
            payloads += try socket.exchange(message).map { Array($0.payload) }
        }
        #expect(payloads.count > 5)
        var generator = Generator()
        var refused = 0
        for _ in 0..<3000 {
            guard var bytes = payloads.randomElement(using: &generator) else { return }
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                guard let index = bytes.indices.randomElement(using: &generator) else { break }
                bytes[index] = UInt8.random(in: 0...255, using: &generator)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...(2 * bytes.count), using: &generator)))
            if Link(bytes[...]) == nil { refused += 1 }
            _ = InterfaceAddress(bytes[...])
            _ = Route.all(in: bytes[...])
            _ = VirtualFunctionState.all(in: bytes[...])
            _ = Reply.all(in: bytes)
        }
        #expect(refused > 150)
    }

    @Test func `an error names operation, subject, reason and the kernel's words`() {
        let error = NetlinkError(
            operation: "set VLAN",
            subject: "virtual function 3 of link 5",
            errno: EINVAL,
            kernelText: "bad"
        )
        #expect(error.description == "set VLAN of virtual function 3 of link 5: Invalid argument (bad)")
    }

    @Test func `a namespace that is gone cannot be entered by a name`() throws {
        #expect(throws: SystemError.self) { _ = try RouteSocket(in: NetworkNamespace("/run/netns/none-of-ours")) }
    }

    @Test func `sockets leave nothing open`() throws {
        let namespace = try NetworkNamespace.current()
        let before = try Directory.entries("/proc/self/fd").count
        var kept: [CInt] = []
        for _ in 0..<200 { kept.append(try Descriptor(copying: 0).release()) }
        // A leak of this size would be seen, whatever the suites beside this one do.
        #expect(try Directory.entries("/proc/self/fd").count - before > 100)
        for number in kept { close(number) }
        for _ in 0..<200 {
            let socket = try RouteSocket(in: namespace)
            #expect(throws: NetlinkError.self) { try socket.change(link: 4711, LinkChange(isUp: true)) }
        }
        #expect(try Directory.entries("/proc/self/fd").count - before < 100)
    }
}
