import Addresses
import Glibc
import Testing

@testable import Netlink

@Suite struct VirtualFunctionChangeTests {
    // What iproute2 6.1 sends for `ip link set dev lo vf 3 …`, as strace shows it; nests there carry no NLA_F_NESTED
    // (0x8000), which the kernel ignores here. For a VLAN of the usual tag iproute2 has an older attribute: the
    // second of its vectors is the first with other numbers.
    @Test(arguments: [
        (
            VirtualFunctionChange(address: MACAddress("02:11:22:33:44:55")), "set MAC",
            """
            3000 1680 | 2c00 0180 | 2800 0100 | 03000000 021122334455 0000 00000000 00000000 00000000 00000000 00000000
            00000000
            """
        ),
        (
            VirtualFunctionChange(vlan: .init(number: 100, priority: 3, tag: .service)), "set VLAN",
            "2000 1680 | 1c00 0180 | 1800 0c80 | 1400 0100 | 03000000 64000000 03000000 88a8 0000"
        ),
        (
            VirtualFunctionChange(vlan: .init(number: 7)), "set VLAN",
            "2000 1680 | 1c00 0180 | 1800 0c80 | 1400 0100 | 03000000 07000000 00000000 8100 0000"
        ),
        (
            VirtualFunctionChange(rates: .init(minimumMbps: 100, maximumMbps: 200)), "set rates",
            "1800 1680 | 1400 0180 | 1000 0600 | 03000000 64000000 c8000000"
        ),
        (
            VirtualFunctionChange(checksSource: false), "set spoof check",
            "1400 1680 | 1000 0180 | 0c00 0400 | 03000000 00000000"
        ),
        (
            VirtualFunctionChange(linkState: .disabled), "set link state",
            "1400 1680 | 1000 0180 | 0c00 0500 | 03000000 02000000"
        ),
        (
            VirtualFunctionChange(isTrusted: true), "set trust",
            "1400 1680 | 1000 0180 | 0c00 0900 | 03000000 01000000"
        ),
    ])
    func `each setting is the message that iproute2 sends`(
        change: VirtualFunctionChange,
        name: String,
        expected: String
    ) throws {
        let settings = change.settings(virtualFunction: 3)
        let setting = try #require(settings.first)
        #expect(settings.count == 1)
        #expect("set \(setting.name)" == name)
        let message = try setting.message(link: 258, purpose: anyPurpose)
        let body = hex(expected)
        // RTM_SETLINK (19), nothing numbered yet; then ifinfomsg of link 258 with no flag changed.
        let header = hex("1300 0000 00000000 00000000 | 00 00 0000 02010000 00000000 00000000")
        #expect(message.bytes == nativeBytes(UInt32(32 + body.count)) + header + body)
    }

    @Test func `what is not given is not sent`() {
        #expect(VirtualFunctionChange().settings(virtualFunction: 3).isEmpty)
    }

    @Test func `several settings are sent in the order in which the kernel takes them`() {
        let change = VirtualFunctionChange(
            address: .zero,
            vlan: VirtualFunctionVLAN.none,
            checksSource: true,
            isTrusted: false,
            linkState: .automatic,
            rates: .init()
        )
        #expect(
            change.settings(virtualFunction: 0).map(\.name) == [
                "MAC", "VLAN", "rates", "spoof check", "link state", "trust",
            ]
        )
    }

    @Test func `a link that has no virtual functions refuses, and has none`() throws {
        let socket = try RouteSocket()
        let loopback = try #require(try socket.link(named: "lo"))
        #expect(try socket.virtualFunctions(ofLink: loopback.index) == [])
        #expect(try socket.virtualFunction(0, ofLink: loopback.index) == nil)
        #expect(
            throws: NetlinkError(
                operation: "set trust",
                subject: "virtual function 3 of link \(loopback.index)",
                errno: EOPNOTSUPP
            )
        ) {
            try socket.change(virtualFunction: 3, ofLink: loopback.index, VirtualFunctionChange(isTrusted: true))
        }
    }

    @Test func `a number that is none is refused before anything is sent`() throws {
        let socket = try RouteSocket()
        #expect(throws: NetlinkError.self) {
            try socket.change(virtualFunction: -1, ofLink: 1, VirtualFunctionChange(isTrusted: true))
        }
        #expect(throws: NetlinkError.self) { try socket.virtualFunctions(ofLink: 0) }
    }
}

@Suite struct VirtualFunctionStateTests {
    /// What Linux 6.12 puts into an IFLA_VF_INFO, in its order (net/core/rtnetlink.c, rtnl_fill_vfinfo).
    private func entry(_ index: UInt32, spoofCheck: UInt32 = 1, trust: UInt32 = 0) -> [UInt8] {
        let number = nativeBytes(index)
        let mac = number + [2, 0, 0, 0, 0, UInt8(truncatingIfNeeded: index)] + [UInt8](repeating: 0, count: 26)
        let vlan = number + nativeBytes(UInt32(100)) + nativeBytes(UInt32(5))
        return attribute(
            1,
            attribute(1, mac) + attribute(11, [UInt8](repeating: 0xff, count: 32)) + attribute(2, vlan)
                + attribute(6, number + nativeBytes(UInt32(10)) + nativeBytes(UInt32(200)))
                + attribute(3, number + nativeBytes(UInt32(200))) + attribute(4, number + nativeBytes(spoofCheck))
                + attribute(5, number + nativeBytes(UInt32(1))) + attribute(7, number + nativeBytes(UInt32.max))
                + attribute(9, number + nativeBytes(trust))
                + attribute(12, attribute(1, vlan + [0x88, 0xa8, 0, 0]))
        )
    }

    private func answer(_ entries: [[UInt8]], listed: UInt32? = nil) -> ArraySlice<UInt8> {
        let header = interfaceHeader(index: 2)
        let count = attribute(21, nativeBytes(listed ?? UInt32(entries.count)))
        return
            (header + attribute(1, [2, 0, 0, 0, 0, 0]) + count + attribute(22, entries.flatMap(\.self))
            // IFLA_EXT_MASK, behind the list.
            + attribute(29, nativeBytes(UInt32(9))))[...]
    }

    @Test func `every setting is read`() throws {
        let states = try #require(
            VirtualFunctionState.all(in: answer([entry(0), entry(1, spoofCheck: .max, trust: 1)]))
        )
        #expect(states.count == 2)
        let first = try #require(states.first)
        #expect(first.virtualFunctionIndex == 0)
        #expect(first.address?.mac == MACAddress("02:00:00:00:00:00"))
        #expect(first.vlan == VirtualFunctionVLAN(number: 100, priority: 5, tag: .service))
        #expect(first.checksSource == true)
        #expect(first.isTrusted == false)
        #expect(first.linkState == .enabled)
        #expect(first.rates == VirtualFunctionRates(minimumMbps: 10, maximumMbps: 200))
        // -1 is the kernel's "the driver has no such thing".
        #expect(states.last?.checksSource == nil)
        #expect(states.last?.isTrusted == true)
    }

    @Test func `a list longer than its 16-bit length is read to its last function`() throws {
        let states = try #require(VirtualFunctionState.all(in: answer((0..<400).map { entry($0) })))
        #expect(states.map(\.virtualFunctionIndex) == Array(0..<400))
        #expect(states.last?.rates.maximumMbps == 200)
    }

    @Test func `a function the driver tells nothing of is left out`() throws {
        let states = try #require(VirtualFunctionState.all(in: answer([entry(0), entry(2)], listed: 3)))
        #expect(states.map(\.virtualFunctionIndex) == [0, 2])
    }

    @Test func `an answer cut off anywhere is refused or has fewer functions, and never traps`() throws {
        let whole = answer([entry(0), entry(1)])
        for length in 0..<whole.count {
            let states = VirtualFunctionState.all(in: whole.prefix(length))
            #expect(states == nil || (states?.count ?? 0) <= 2)
        }
        #expect(VirtualFunctionState.all(in: interfaceHeader(index: 2)[...]) == [])
    }
}
