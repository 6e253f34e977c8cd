/// The text of a `grpc-timeout` field: at most 8 digits and a unit, such as `29999871u`.
///
/// - SeeAlso: gRPC PROTOCOL-HTTP2.md "Requests"
package enum GRPCTimeout {
    /// The duration a field says; `nil` for anything malformed.
    ///
    /// The largest one, 99,999,999 hours, fits a `Duration`.
    package static func parse(_ text: [UInt8]) -> Duration? {
        guard let unit = text.last, (2...9).contains(text.count) else { return nil }
        let digits = text.dropLast()
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 & 0xf) }
        switch unit {
        case UInt8(ascii: "n"): return .nanoseconds(value)
        case UInt8(ascii: "u"): return .microseconds(value)
        case UInt8(ascii: "m"): return .milliseconds(value)
        case UInt8(ascii: "S"): return .seconds(value)
        case UInt8(ascii: "M"): return .seconds(value * 60)
        case UInt8(ascii: "H"): return .seconds(value * 3600)
        default: return nil
        }
    }

    /// The text for a duration in the smallest unit that fits 8 digits, rounded up; `0n` for one that is over.
    package static func format(_ timeout: Duration) -> String {
        guard timeout > .zero else { return "0n" }
        let parts = timeout.components
        for (unit, perSecond) in [("n", Int64(1_000_000_000)), ("u", 1_000_000), ("m", 1000), ("S", 1)] {
            guard parts.seconds < 100_000_000 / perSecond + 1 else { continue }
            let attosecondsPerUnit = 1_000_000_000_000_000_000 / perSecond
            let fraction = (parts.attoseconds + attosecondsPerUnit - 1) / attosecondsPerUnit
            let value = parts.seconds * perSecond + fraction
            if value < 100_000_000 { return "\(value)\(unit)" }
        }
        let minutes = parts.seconds / 60 + 1
        return minutes < 100_000_000 ? "\(minutes)M" : "\(min(minutes / 60 + 1, 99_999_999))H"
    }
}
