import Testing

@testable import Addresses

@Suite struct MACAddressTests {
    // The three forms of Go's net.ParseMAC for 48 bits, which the incumbents' configurations may hold.
    @Test(arguments: ["00:1B:21:3c:9d:f8", "00-1b-21-3c-9d-f8", "001b.213c.9df8"])
    func `every accepted form reads the same bytes`(text: String) {
        #expect(MACAddress(text)?.bytes == [0x00, 0x1b, 0x21, 0x3c, 0x9d, 0xf8])
        #expect(MACAddress(text)?.description == "00:1b:21:3c:9d:f8")
    }

    @Test(arguments: [
        "", ":", "00:1b:21:3c:9d", "00:1b:21:3c:9d:f8:00", "0:1b:21:3c:9d:f8", "00:1b:21:3c:9d:f8:",
        ":00:1b:21:3c:9d:f8",
        "+0:1b:21:3c:9d:f8", "00:1b:21:3c:9d:-8", "00:1b:21:3c:9d:g8", "00:1b-21:3c:9d:f8", "001b213c9df8",
        " 00:1b:21:3c:9d:f8", "00:1b:21:3c:9d:f8\n", "00::1b:21:3c:9d", "001b.213c.9df", "00:1b:21:3c:9d:ｆ8",
    ])
    func `anything else is refused`(text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test func `zero and group addresses are not assignable`() {
        #expect(!MACAddress.zero.isAssignable)
        #expect(!MACAddress.broadcast.isAssignable)
        #expect(MACAddress.broadcast.isMulticast)
        #expect(MACAddress("01:00:5e:00:00:01")?.isAssignable == false)
        #expect(MACAddress("02:00:00:00:00:01")?.isAssignable == true)
        #expect(MACAddress("02:00:00:00:00:01")?.isLocallyAdministered == true)
        #expect(MACAddress("00:1b:21:3c:9d:f8")?.isLocallyAdministered == false)
    }

    @Test func `a hardware address may be longer and narrows only from six bytes`() {
        // An IPoIB address: 4 bytes of flags and queue pair, 16 of GID.
        let infiniband = HardwareAddress("80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1")
        #expect(infiniband?.bytes.count == 20)
        #expect(infiniband?.mac == nil)
        let ethernet = HardwareAddress(bytes: [2, 0, 0, 0, 0, 1])
        #expect(ethernet?.mac == MACAddress("02:00:00:00:00:01"))
        #expect(ethernet?.description == "02:00:00:00:00:01")
        #expect(HardwareAddress(bytes: []) == nil)
        #expect(HardwareAddress(bytes: Array(repeating: 0, count: 33)) == nil)
        #expect(HardwareAddress("") == nil)
    }
}
