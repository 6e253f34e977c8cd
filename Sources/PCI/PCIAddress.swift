/// Where a PCI function sits.
///
/// The text form is the kernel's, `0000:01:10.2`, in lower case; nothing shorter or longer is accepted.
package struct PCIAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let domain: UInt16
    package let bus: UInt8
    /// From 0 to 31.
    package let device: UInt8
    /// From 0 to 7.
    package let function: UInt8

    /// Reads the kernel's text form; `nil` for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 12, bytes[4] == UInt8(ascii: ":"), bytes[7] == UInt8(ascii: ":"),
            bytes[10] == UInt8(ascii: "."),
            let domain = hexadecimal(bytes[0..<4]), let bus = hexadecimal(bytes[5..<7]),
            let device = hexadecimal(bytes[8..<10]), device < 32,
            let function = hexadecimal(bytes[11..<12]), function < 8
        else { return nil }
        self.domain = UInt16(domain)
        self.bus = UInt8(bus)
        self.device = UInt8(device)
        self.function = UInt8(function)
    }

    package var description: String {
        "\(padded(UInt64(domain), 4)):\(padded(UInt64(bus), 2)):\(padded(UInt64(device), 2)).\(function)"
    }

    package static func < (left: PCIAddress, right: PCIAddress) -> Bool {
        (left.domain, left.bus, left.device, left.function) < (right.domain, right.bus, right.device, right.function)
    }
}

/// The value of lower-case hexadecimal digits; `nil` if one is something else.
///
/// `UInt16(_:radix:)` would take a sign and capitals as well.
func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for byte in digits {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
        default: return nil
        }
    }
    return value
}

func padded(_ value: UInt64, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
