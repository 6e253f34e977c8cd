package import JSON

/// What a plugin prints when it fails, and what a runtime reads.
///
///     {"cniVersion":"1.1.0","code":7,"msg":"…","details":"…"}
///
/// It goes to standard output, whatever one sentence of the specification says: every implementation does so.
///
/// - SeeAlso: CNI 1.1.0, "Error"
package struct CNIError: Error, Equatable, Sendable, CustomStringConvertible {
    /// An open set: plugins have codes of their own from 100 on.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        package static let incompatibleVersion = Self(rawValue: 1)
        package static let unsupportedField = Self(rawValue: 2)
        /// The runtime need not clean up after it.
        package static let unknownContainer = Self(rawValue: 3)
        package static let invalidEnvironment = Self(rawValue: 4)
        package static let ioFailure = Self(rawValue: 5)
        package static let cannotDecode = Self(rawValue: 6)
        package static let invalidConfiguration = Self(rawValue: 7)
        /// Not in the specification; the reference library's for a namespace that is none, or the plugin's own.
        package static let invalidNetworkNamespace = Self(rawValue: 8)
        package static let tryAgainLater = Self(rawValue: 11)
        package static let pluginUnavailable = Self(rawValue: 50)
        /// Unavailable, and containers attached already may be cut off.
        package static let limitedConnectivity = Self(rawValue: 51)
        /// Not in the specification; the reference library's for an error without a code.
        package static let unclassified = Self(rawValue: 999)
    }

    package var code: Code
    /// One sentence for a person.
    package var message: String
    /// More of the same; may be empty.
    package var details: String

    package init(_ code: Code, _ message: String, details: String = "") {
        self.code = code
        self.message = message
        self.details = details
    }

    /// Reads an error object; `nil` if it has no whole number as `code` that fits, or is no object.
    package init?(_ value: JSONValue) {
        guard let object = value.object, let code = object["code"]?.int, let raw = UInt32(exactly: code) else {
            return nil
        }
        self.init(
            Code(rawValue: raw),
            object["msg"]?.string ?? "",
            details: object["details"]?.string ?? ""
        )
    }

    /// The object to print, for a runtime that speaks `version`; `details` is left out if empty.
    package func json(version: CNIVersion) -> JSONValue {
        var object: JSONObject = [
            "cniVersion": .string(version.description),
            "code": .number(JSONNumber(code.rawValue)),
            "msg": .string(message),
        ]
        if !details.isEmpty { object["details"] = .string(details) }
        return .object(object)
    }

    /// The same error with a place before its message, `net1 (default/data): …`.
    package func prefixed(_ place: String) -> CNIError {
        CNIError(code, "\(place): \(message)", details: details)
    }

    package var description: String {
        details.isEmpty
            ? "CNI error \(code.rawValue): \(message)" : "CNI error \(code.rawValue): \(message); \(details)"
    }
}
