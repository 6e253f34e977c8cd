/// Messages on a stream: each after a prefix, cut anywhere by the DATA frames.
///
///     octet  0            1            5
///            | compressed | length, BE | message |
///
/// - SeeAlso: gRPC PROTOCOL-HTTP2.md "Length-Prefixed-Message"
struct MessageReader: Sendable {
    /// The largest message accepted, in octets.
    private let limit: Int
    private var prefix: [UInt8] = []
    private var length = 0
    private var body: [UInt8] = []
    private var whole: [[UInt8]] = []

    init(limit: Int) { self.limit = limit }

    /// Octets held of a message that is not whole yet.
    var partialOctets: Int { body.count }

    /// Whether the octets so far end where a message ends.
    var isBetweenMessages: Bool { prefix.isEmpty }

    /// Takes octets; the messages they complete are there to be taken with ``takeMessages()``.
    ///
    /// The body grows with what arrives, never by the length that was announced.
    ///
    /// - Throws: UNIMPLEMENTED for a compressed message, INTERNAL for a flag that is neither 0 nor 1, RESOURCE_EXHAUSTED
    ///   for one above the limit.
    mutating func receive(_ bytes: [UInt8]) throws(GRPCStatusError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            if prefix.count < MessageReader.prefixSize {
                let part = rest.prefix(MessageReader.prefixSize - prefix.count)
                prefix += part
                rest = rest.dropFirst(part.count)
                guard prefix.count == MessageReader.prefixSize else { return }
                try readPrefix()
            }
            let part = rest.prefix(length - body.count)
            body += part
            rest = rest.dropFirst(part.count)
            if body.count == length { finishMessage() }
        }
    }

    /// The messages that are whole, oldest first; each is given once.
    mutating func takeMessages() -> [[UInt8]] {
        defer { whole = [] }
        return whole
    }

    private mutating func readPrefix() throws(GRPCStatusError) {
        switch prefix[0] {
        case 0: break
        case 1: throw GRPCStatusError(.unimplemented, "compressed messages are not supported")
        default: throw GRPCStatusError(.internalError, "message flag \(prefix[0])")
        }
        length = prefix[1...].reduce(0) { $0 << 8 | Int($1) }
        guard length <= limit else {
            throw GRPCStatusError(.resourceExhausted, "message of \(length) octets, limit \(limit)")
        }
    }

    private mutating func finishMessage() {
        whole.append(body)
        body = []
        prefix = []
    }

    static let prefixSize = 5

    /// A message with its prefix, not compressed.
    static func frame(_ message: [UInt8]) -> [UInt8] {
        var framed: [UInt8] = [0]
        framed.reserveCapacity(prefixSize + message.count)
        for shift in [24, 16, 8, 0] { framed.append(UInt8(truncatingIfNeeded: message.count >> shift)) }
        framed += message
        return framed
    }
}

/// What a peer of ours may cost above HTTP/2.
package enum GRPCLimits {
    /// The largest message accepted unless configured, in octets; grpc's own default.
    package static let message = 4 << 20
    /// Octets of requests that are not whole yet, over all calls of a connection.
    package static let bufferedRequests = 16 << 20
    /// How long a caller may take from its request's HEADERS to its end: slow writers.
    package static let requestTime = Duration.seconds(60)
    /// Custom metadata of one header block of ours, in octets as SETTINGS_MAX_HEADER_LIST_SIZE counts: what any peer takes.
    package static let metadata = 8192
    /// Connections to a server at a time.
    package static let connections = 64
    /// Connections to a server at a time from one process, so that no one caller can shut the others out.
    package static let connectionsOfProcess = 16
    /// How long a peer may leave the end of an answer unread, before the call is reset (CVE-2019-9511).
    package static let stalledAnswer = Duration.seconds(60)
}
