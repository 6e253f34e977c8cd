@testable import Netlink

/// The bytes of a text of hexadecimal digits; blanks and bars cut it along the structure.
func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !" |\n".contains($0) }.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// An attribute with its padding.
func attribute(_ type: UInt16, _ payload: [UInt8]) -> [UInt8] {
    let padding = [UInt8](repeating: 0, count: (4 - payload.count % 4) % 4)
    return nativeBytes(UInt16(truncatingIfNeeded: payload.count + 4)) + nativeBytes(type) + payload + padding
}

let anyPurpose = Purpose("test", of: "a message")
