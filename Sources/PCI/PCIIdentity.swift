/// A 16-bit PCI number as configuration files write it: four lower-case hexadecimal digits, `8086`.
///
/// Used for vendors and for devices; kubelet's device ids are strings and something else.
package struct PCIDeviceID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt16

    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// Reads four hexadecimal digits without `0x`; `nil` for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 4, let value = hexadecimal(bytes[...]) else { return nil }
        self.rawValue = UInt16(value)
    }

    package var description: String { padded(UInt64(rawValue), 4) }
}

/// What a PCI function is, in numbers of the PCI ID registry.
package struct PCIIdentity: Hashable, Sendable {
    package var vendor: PCIDeviceID
    package var device: PCIDeviceID
    /// The 24-bit class code: base class, sub-class, programming interface; `0x020000` is Ethernet.
    package var classCode: UInt32

    package init(vendor: PCIDeviceID, device: PCIDeviceID, classCode: UInt32) {
        self.vendor = vendor
        self.device = device
        self.classCode = classCode
    }

    /// The highest byte of the class: `0x02` network controller, `0x12` processing accelerator.
    package var baseClass: UInt8 { UInt8(truncatingIfNeeded: classCode >> 16) }
}
