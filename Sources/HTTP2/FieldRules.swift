import HPACK

/// What makes a message malformed.
///
/// - SeeAlso: RFC 9113 §8.2, §8.3
enum FieldRules {
    /// Why a request's header fields are malformed, or `nil`.
    static func problem(inRequest fields: [HeaderField]) -> String? {
        if let problem = problem(in: fields, pseudo: requestPseudo) { return problem }
        for field in fields {
            // A response may carry a grpc-message that ends in a space, so this rule of §8.2.1 is kept for requests.
            if let first = field.value.first, let last = field.value.last, isBlank(first) || isBlank(last) {
                return "blank around a field value"
            }
        }
        let method = fields.value(of: ":method")
        guard let method, !method.isEmpty else { return "no :method" }
        if method == Array("CONNECT".utf8) {
            let isPlain = fields.value(of: ":path") == nil && fields.value(of: ":scheme") == nil
            return isPlain && fields.value(of: ":authority") != nil ? nil : "wrong pseudo-header fields for CONNECT"
        }
        guard fields.value(of: ":scheme") != nil else { return "no :scheme" }
        guard let path = fields.value(of: ":path"), !path.isEmpty else { return "no :path" }
        return nil
    }

    /// Why a response's header fields are malformed, or `nil`.
    static func problem(inResponse fields: [HeaderField]) -> String? {
        if let problem = problem(in: fields, pseudo: responsePseudo) { return problem }
        guard let status = fields.value(of: ":status") else { return "no :status" }
        let isNumber = status.count == 3 && status.allSatisfy { (0x30...0x39).contains($0) }
        return isNumber && status.first != 0x30 ? nil : "wrong :status"
    }

    /// Why trailers are malformed, or `nil`.
    static func problem(inTrailers fields: [HeaderField]) -> String? { problem(in: fields, pseudo: []) }

    private static func problem(in fields: [HeaderField], pseudo allowed: Set<[UInt8]>) -> String? {
        var seen: Set<[UInt8]> = []
        var isPastPseudo = false
        for field in fields {
            if field.name.first == 0x3a {
                guard !isPastPseudo else { return "pseudo-header field after a regular one" }
                guard allowed.contains(field.name) else { return "pseudo-header field out of place" }
                guard seen.insert(field.name).inserted else { return "pseudo-header field twice" }
            } else {
                isPastPseudo = true
                if let problem = problem(inName: field) { return problem }
            }
            // "NUL (0x00), LF (0x0a), or CR (0x0d) at any position" (§8.2.1); other controls have no use either.
            guard field.value.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
                return "control character in a field value"
            }
        }
        return nil
    }

    private static func problem(inName field: HeaderField) -> String? {
        guard !field.name.isEmpty else { return "empty field name" }
        for octet in field.name where octet <= 0x20 || octet >= 0x7f || octet == 0x3a || (0x41...0x5a).contains(octet) {
            return "illegal character in a field name"
        }
        guard !connectionSpecific.contains(field.name) else { return "connection-specific field \(field.nameText)" }
        guard field.name != te || field.value == trailers else { return "te other than trailers" }
        return nil
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

    private static let requestPseudo = names(":method", ":scheme", ":path", ":authority")
    private static let responsePseudo = names(":status")
    private static let connectionSpecific = names(
        "connection",
        "proxy-connection",
        "keep-alive",
        "transfer-encoding",
        "upgrade"
    )
    private static let te = Array("te".utf8)
    private static let trailers = Array("trailers".utf8)

    private static func names(_ names: String...) -> Set<[UInt8]> { Set(names.map { Array($0.utf8) }) }
}

extension [HeaderField] {
    /// The value of the first field with this name.
    package func value(of name: String) -> [UInt8]? {
        first { $0.name.elementsEqual(name.utf8) }?.value
    }

    /// The value of the first field with this name as text; octets that are not UTF-8 are replaced.
    package func text(of name: String) -> String? {
        value(of: name).map { String(decoding: $0, as: UTF8.self) }
    }
}
