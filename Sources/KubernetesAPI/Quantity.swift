/// How much of a resource: a decimal number with an optional suffix, `2`, `100m`, `1Gi`, `1e3`.
///
/// - SeeAlso: Kubernetes API, "Quantity"
package struct Quantity: Sendable, Equatable, CustomStringConvertible {
    /// As written.
    package let text: String
    /// The number, if it is whole and fits: extended resources, devices among them, come in whole pieces only.
    package let count: Int?

    /// Takes the text as it is; what is no quantity has no ``count``.
    package init(_ text: String) {
        self.text = text
        self.count = Self.whole(Array(text.utf8))
    }

    package var description: String { text }

    private static func whole(_ text: [UInt8]) -> Int? {
        let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...18).contains(digits.count) else { return nil }
        var value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        let suffix = String(decoding: text[digits.count...], as: UTF8.self)
        if suffix == "m" { return value.isMultiple(of: 1000) ? value / 1000 : nil }
        guard let factor = factors[suffix] else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        value = product
        return overflow ? nil : value
    }

    private static let factors: [String: Int] = [
        "": 1, "k": 1000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000, "Ki": 1 << 10, "Mi": 1 << 20,
        "Gi": 1 << 30, "Ti": 1 << 40, "e3": 1000, "E3": 1000, "e6": 1_000_000, "E6": 1_000_000,
    ]
}
