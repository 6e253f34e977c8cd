import HPACK
import HTTP2

/// The header and trailer fields of calls.
///
/// - SeeAlso: gRPC PROTOCOL-HTTP2.md
enum CallFields {
    static let userAgent = "patchbay"

    static func request(path: String, timeout: Duration?, metadata: [HeaderField]) -> [HeaderField] {
        var fields = [
            HeaderField(":method", "POST"), HeaderField(":scheme", "http"), HeaderField(":path", path),
            HeaderField(":authority", "localhost"), HeaderField("te", "trailers"),
            HeaderField("content-type", contentType), HeaderField("user-agent", userAgent),
        ]
        // A deadline is hardly ever the same twice, so it would only push others out of the table.
        if let timeout { fields.append(HeaderField("grpc-timeout", GRPCTimeout.format(timeout), indexing: .without)) }
        return fields + metadata
    }

    /// What begins an answer, whatever its outcome.
    static let response = [HeaderField(":status", "200"), HeaderField("content-type", contentType)]

    /// `grpc-message` is there even if empty, as grpc-go's server sends it.
    static func trailers(_ status: GRPCStatusError) -> [HeaderField] {
        let message = PercentEncoding.encode(status.message)
        return [
            HeaderField("grpc-status", "\(status.code.rawValue)"),
            HeaderField(
                name: Array("grpc-message".utf8),
                value: message,
                indexing: message.isEmpty ? .incremental : .without
            ),
        ]
    }

    /// `application/grpc`, alone or before `+` or `;`.
    static func isGRPC(_ contentType: [UInt8]?) -> Bool {
        guard let contentType, contentType.starts(with: Self.contentType.utf8) else { return false }
        let rest = contentType.dropFirst(Self.contentType.utf8.count)
        return rest.isEmpty || rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: ";")
    }

    /// The status that trailers, or the only fields of an answer, carry.
    static func status(in fields: [HeaderField]) -> GRPCStatusError {
        let message = PercentEncoding.decode(fields.value(of: "grpc-message") ?? [])
        guard let digits = fields.value(of: "grpc-status") else { return GRPCStatusError(.unknown, message) }
        guard (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return GRPCStatusError(.unknown, "grpc-status is no number")
        }
        let number = digits.reduce(0) { $0 * 10 + Int($1 & 0xf) }
        return GRPCStatusError(StatusCode(rawValue: number), message)
    }

    private static let contentType = "application/grpc"
}
