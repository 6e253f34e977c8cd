import Testing

@testable import PCI

@Suite struct PCIAddressTests {
    @Test(arguments: ["0000:01:10.2", "ffff:ff:1f.7", "0000:00:00.0"])
    func `the kernel's form is read and written`(text: String) {
        #expect(PCIAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "01:10.2", "0000:01:10", "0000:01:20.0", "0000:01:10.8", "+000:01:10.2", "0000:01:1F.2", "0000:01:10.2 ",
        "0000-01:10.2", "00000:01:10.2", "0000:01:-1.2", "０000:01:10.2",
    ])
    func `anything else is refused`(text: String) {
        #expect(PCIAddress(text) == nil)
    }

    @Test func `addresses are ordered as the bus is`() {
        let texts = ["0000:01:10.2", "0000:01:10.0", "0001:00:00.0", "0000:02:00.0"]
        let sorted = texts.compactMap { PCIAddress($0) }.sorted().map(\.description)
        #expect(sorted == ["0000:01:10.0", "0000:01:10.2", "0000:02:00.0", "0001:00:00.0"])
    }

    @Test(arguments: ["8086", "10c9", "0000"])
    func `a device number is four digits`(text: String) {
        #expect(PCIDeviceID(text)?.description == text)
    }

    @Test(arguments: ["0x8086", "808", "80866", "10C9", "-086", ""])
    func `a device number in another form is refused`(text: String) {
        #expect(PCIDeviceID(text) == nil)
    }

    @Test func `the base class is the highest byte`() {
        let identity = PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10c9), classCode: 0x020000)
        #expect(identity.baseClass == 2)
    }
}
