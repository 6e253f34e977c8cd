/// Received bytes do not have the shape their format demands.
public enum DecodingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// `needed` bytes were asked for where only `available` are left.
    case truncated(needed: Int, available: Int)

    /// One line for a log.
    public var description: String {
        switch self {
        case .truncated(let needed, let available): "truncated: \(needed) bytes needed, \(available) left"
        }
    }
}
