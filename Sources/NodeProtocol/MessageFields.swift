import JSON

/// Reads the envelope of either direction and refuses versions of the future.
func openEnvelope(_ message: [UInt8]) throws(MessageError) -> JSONFields {
    let value: JSONValue
    do throws(JSONError) {
        value = try JSONValue(parsing: message)
    } catch {
        throw .notJSON(error)
    }
    var fields = JSONFields(value)
    fields.require("version")
    let version = fields.int("version", in: 1...Int.max) ?? NodeWire.version
    let release = fields.string("release") ?? "unknown"
    try check(fields.problems)
    guard version <= NodeWire.version else { throw .newerVersion(version, release: release) }
    return fields
}

func check(_ problems: [DocumentProblem]) throws(MessageError) {
    if !problems.isEmpty { throw .malformed(problems) }
}

/// Reads each element of the list at `key`; an absent list is empty.
func elements<Element>(
    of value: JSONValue,
    _ key: String,
    at path: String = "body",
    _ read: (JSONValue, String) throws(MessageError) -> Element
) throws(MessageError) -> [Element] {
    var fields = JSONFields(value, at: path)
    let list = fields.array(key) ?? []
    try check(fields.problems)
    var results: [Element] = []
    for (index, element) in list.enumerated() {
        results.append(try read(element, fields.place(of: "\(key)[\(index)]")))
    }
    return results
}

extension JSONFields {
    mutating func requiredString(_ key: String) -> String {
        require(key)
        return string(key) ?? ""
    }

    mutating func pod(_ key: String) -> PodReference {
        require(key)
        guard let value = value(key) else { return PodReference(namespace: "", name: "") }
        var fields = JSONFields(value, at: place(of: key))
        let pod = PodReference(
            namespace: fields.requiredString("namespace"),
            name: fields.requiredString("name"),
            uid: fields.string("uid")
        )
        report(fields.problems)
        return pod
    }
}
