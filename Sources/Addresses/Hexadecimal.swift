let colon = UInt8(ascii: ":")

/// Reads groups of exactly `2 * bytesAGroup` hexadecimal digits with one separator between them.
///
/// By hand, because `UInt8(_:radix:)` takes a sign for a digit.
func hexBytes(_ text: String, separator: UInt8, bytesAGroup: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    for group in text.utf8.split(separator: separator, omittingEmptySubsequences: false) {
        guard group.count == 2 * bytesAGroup else { return nil }
        var high: UInt8?
        for character in group {
            guard let digit = hexDigit(character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
    }
    return bytes
}

/// Two lower-case digits a byte between colons.
func hexText(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }.joined(separator: ":")
}

/// The value of one hexadecimal digit of either case.
func hexDigit(_ character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// A decimal number written without sign, blank or needless zero, up to `limit`.
func decimal(_ text: some Collection<UInt8>, upTo limit: Int) -> Int? {
    guard (1...9).contains(text.count) else { return nil }
    if text.count > 1, text.first == UInt8(ascii: "0") { return nil }
    var value = 0
    for character in text {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
        value = value * 10 + Int(character - UInt8(ascii: "0"))
    }
    return value <= limit ? value : nil
}
