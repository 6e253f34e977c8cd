import HTTP2

/// The outcome of a call: an open set, a peer's own numbers are kept.
///
/// - SeeAlso: gRPC statuscodes.md
package struct StatusCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let ok = Self(rawValue: 0)
    package static let cancelled = Self(rawValue: 1)
    package static let unknown = Self(rawValue: 2)
    package static let invalidArgument = Self(rawValue: 3)
    package static let deadlineExceeded = Self(rawValue: 4)
    package static let notFound = Self(rawValue: 5)
    package static let alreadyExists = Self(rawValue: 6)
    package static let permissionDenied = Self(rawValue: 7)
    package static let resourceExhausted = Self(rawValue: 8)
    package static let failedPrecondition = Self(rawValue: 9)
    package static let aborted = Self(rawValue: 10)
    package static let outOfRange = Self(rawValue: 11)
    package static let unimplemented = Self(rawValue: 12)
    package static let internalError = Self(rawValue: 13)
    package static let unavailable = Self(rawValue: 14)
    package static let dataLoss = Self(rawValue: 15)
    package static let unauthenticated = Self(rawValue: 16)

    package var description: String {
        StatusCode.names.indices.contains(rawValue) ? StatusCode.names[rawValue] : "status \(rawValue)"
    }

    private static let names = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]
}

/// How a call ended, when not with a plain OK; what a handler throws to choose its status.
package struct GRPCStatusError: Error, Equatable, Sendable, CustomStringConvertible {
    package var code: StatusCode
    /// Shown to people: kubelet puts it into the events of a pod.
    package var message: String

    /// A status with its message.
    package init(_ code: StatusCode, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message.isEmpty ? "\(code)" : "\(code): \(message)" }
}

/// What the layers below mean as a status.
///
/// - SeeAlso: gRPC PROTOCOL-HTTP2.md "Errors", http-grpc-status-mapping.md; grpc-go's client where they leave it open
extension StatusCode {
    /// The status of a response that is no gRPC response, by its HTTP status.
    init(httpStatus: String) {
        switch httpStatus {
        case "400": self = .internalError
        case "401": self = .unauthenticated
        case "403": self = .permissionDenied
        case "404": self = .unimplemented
        case "429", "502", "503", "504": self = .unavailable
        default: self = .unknown
        }
    }

    /// The status of a call whose stream was reset.
    init(reset code: ErrorCode) {
        switch code {
        case .noError, .protocolError, .internalError, .settingsTimeout, .streamClosed, .frameSizeError,
            .compressionError, .connectError, .http11Required:
            self = .internalError
        case .flowControlError, .enhanceYourCalm: self = .resourceExhausted
        case .refusedStream: self = .unavailable
        case .cancel: self = .cancelled
        case .inadequateSecurity: self = .permissionDenied
        default: self = .unknown
        }
    }
}
