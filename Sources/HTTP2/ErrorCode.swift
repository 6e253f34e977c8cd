/// Why a stream or a connection ended: an open set, a peer may send values this code has no name for.
///
/// - SeeAlso: RFC 9113 §7
package struct ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let noError = Self(rawValue: 0x0)
    package static let protocolError = Self(rawValue: 0x1)
    package static let internalError = Self(rawValue: 0x2)
    package static let flowControlError = Self(rawValue: 0x3)
    package static let settingsTimeout = Self(rawValue: 0x4)
    package static let streamClosed = Self(rawValue: 0x5)
    package static let frameSizeError = Self(rawValue: 0x6)
    package static let refusedStream = Self(rawValue: 0x7)
    package static let cancel = Self(rawValue: 0x8)
    package static let compressionError = Self(rawValue: 0x9)
    package static let connectError = Self(rawValue: 0xa)
    package static let enhanceYourCalm = Self(rawValue: 0xb)
    package static let inadequateSecurity = Self(rawValue: 0xc)
    package static let http11Required = Self(rawValue: 0xd)

    package var description: String {
        ErrorCode.names[rawValue] ?? "error code \(rawValue)"
    }

    private static let names: [UInt32: String] = [
        0x0: "NO_ERROR", 0x1: "PROTOCOL_ERROR", 0x2: "INTERNAL_ERROR", 0x3: "FLOW_CONTROL_ERROR",
        0x4: "SETTINGS_TIMEOUT", 0x5: "STREAM_CLOSED", 0x6: "FRAME_SIZE_ERROR", 0x7: "REFUSED_STREAM", 0x8: "CANCEL",
        0x9: "COMPRESSION_ERROR", 0xa: "CONNECT_ERROR", 0xb: "ENHANCE_YOUR_CALM", 0xc: "INADEQUATE_SECURITY",
        0xd: "HTTP_1_1_REQUIRED",
    ]
}

/// The number of a stream; 0 is the connection itself, the client's own are odd.
package struct StreamID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let number: UInt32

    package init(_ number: UInt32) { self.number = number }

    package static func < (left: StreamID, right: StreamID) -> Bool { left.number < right.number }

    package var description: String { "stream \(number)" }

    static let connection = StreamID(0)
    /// The highest number there is (2^31 - 1).
    static let highest = StreamID(0x7fff_ffff)

    var isClients: Bool { number & 1 == 1 }
}

/// The peer broke a rule of the protocol, and what that costs.
package struct HTTP2Violation: Error, Equatable, Sendable, CustomStringConvertible {
    /// What has to end.
    package enum Scope: Equatable, Sendable {
        case connection
        case stream(StreamID)
    }

    package let scope: Scope
    package let code: ErrorCode
    /// The rule, in a few words; sent as debug data where the frame has room for it.
    package let reason: String

    package var description: String {
        switch scope {
        case .connection: "\(code): \(reason)"
        case .stream(let id): "\(id): \(code): \(reason)"
        }
    }

    static func connection(_ code: ErrorCode, _ reason: String) -> HTTP2Violation {
        HTTP2Violation(scope: .connection, code: code, reason: reason)
    }

    static func stream(_ id: StreamID, _ code: ErrorCode, _ reason: String) -> HTTP2Violation {
        HTTP2Violation(scope: .stream(id), code: code, reason: reason)
    }
}
