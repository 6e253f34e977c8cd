/// A socket could not be set up.
package struct TransportError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Why, beside what the system says.
    package enum Reason: Equatable, Sendable {
        /// The system refused, with this errno and its text.
        case system(errno: Int32, text: String)
        /// The path has more octets than a socket address holds.
        case pathTooLong(octets: Int, limit: Int)
        /// The event loop refused.
        case eventLoop(String)
    }

    /// The call, as section 2 of the manual names it.
    package let call: String
    /// The socket's path.
    package let path: String
    package let reason: Reason

    package init(call: String, path: String, reason: Reason) {
        self.call = call
        self.path = path
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .system(_, let text): "\(call) \(path): \(text)"
        case .pathTooLong(let octets, let limit): "\(call) \(path): path of \(octets) octets, limit \(limit)"
        case .eventLoop(let text): "\(call) \(path): \(text)"
        }
    }
}
