package import JSON

/// A record on disk cannot be used; never to be taken for "nothing to do".
package enum JournalError: Error, Equatable, Sendable, CustomStringConvertible {
    case notJSON(JSONError)
    /// It was written by a release with another layout.
    case unknownSchema(Int?)
    /// Members are missing or wrong.
    case damaged([DocumentProblem])

    package var description: String {
        switch self {
        case .notJSON(let error): "is no JSON: \(error)"
        case .unknownSchema(let number): "has the unknown schema \(number.map(String.init) ?? "(none)")"
        case .damaged(let problems): "is damaged: " + problems.map(\.description).joined(separator: "; ")
        }
    }
}

/// Reads the document of a record and checks the version of its layout.
///
/// - Throws: ``JournalError/notJSON(_:)`` or ``JournalError/unknownSchema(_:)``.
func document(_ bytes: [UInt8], schema: Int) throws(JournalError) -> JSONValue {
    let value: JSONValue
    do throws(JSONError) {
        value = try JSONValue(parsing: bytes)
    } catch {
        throw .notJSON(error)
    }
    guard value["schema"]?.int == schema else { throw .unknownSchema(value["schema"]?.int) }
    return value
}
