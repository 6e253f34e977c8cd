package import JSON
import Yams

/// Text that people write, YAML or JSON, as JSON values.
///
/// An unquoted word is a number only if it is one in JSON, as it stands there; `true`, `false` and `null` are as in
/// YAML 1.2. All else is a string: `0100`, `0x1f`, `yes` and `12:30` mean what they say, not what YAML 1.1 made of them.
/// `10e9` is a number in both, which who expects a string will refuse.
package enum YAMLText {
    /// Reads the only document of a text; `null` if it is empty.
    ///
    /// - Throws: ``YAMLSyntaxError``, also if there are several documents.
    package static func document(_ text: String) throws(YAMLSyntaxError) -> JSONValue {
        let documents = try documents(text)
        guard documents.count <= 1 else {
            throw YAMLSyntaxError("\(documents.count) documents (separated by ---) where one is expected")
        }
        return documents.first ?? .null
    }

    /// Reads all documents of a text; those that are empty are left out.
    ///
    /// - Throws: ``YAMLSyntaxError``.
    package static func documents(_ text: String) throws(YAMLSyntaxError) -> [JSONValue] {
        // libyaml cannot read JSON's surrogate pairs. What is not JSON may still be YAML that looks like it.
        if let first = text.utf8.first(where: { $0 > 0x20 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let value = try? JSONValue(parsing: text)
        {
            return [value]
        }
        var conversion = Conversion()
        return try nodes(text).map { node throws(YAMLSyntaxError) in try conversion.value(node, depth: 0) }
            .filter { $0 != .null }
    }

    private static func nodes(_ text: String) throws(YAMLSyntaxError) -> [Node] {
        do {
            let sequence = try compose_all(yaml: text)
            var nodes: [Node] = []
            var iterator = sequence
            while let node = iterator.next() { nodes.append(node) }
            if let error = iterator.error { throw error }
            return nodes
        } catch {
            throw YAMLSyntaxError(error)
        }
    }
}

/// Turns nodes into values and counts them.
private struct Conversion {
    private var count = 0

    /// Guards memory: a few lines of aliases to aliases can stand for billions of values.
    private static let countLimit = 100_000

    mutating func value(_ node: Node, depth: Int) throws(YAMLSyntaxError) -> JSONValue {
        count += 1
        guard count <= Self.countLimit else {
            throw YAMLSyntaxError("more than \(Self.countLimit) values, aliases counted out", at: node.mark)
        }
        guard depth < JSONValue.depthLimit else {
            throw YAMLSyntaxError("nested deeper than \(JSONValue.depthLimit) levels", at: node.mark)
        }
        switch node {
        case .scalar(let scalar): return value(scalar)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try value(element, depth: depth + 1)) }
            return .array(elements)
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, element) in mapping {
                guard case .scalar(let name) = key else {
                    throw YAMLSyntaxError("a key that is no plain word", at: key.mark)
                }
                object[name.string] = try value(element, depth: depth + 1)
            }
            return .object(object)
        case .alias(let alias): throw YAMLSyntaxError("an alias to nothing", at: alias.mark)
        }
    }

    private func value(_ scalar: Node.Scalar) -> JSONValue {
        // A plain word that resolves to text by itself is no number either; one that does not was tagged !!str.
        guard scalar.style == .plain || scalar.style == .any, Node.scalar(scalar).tag != Tag(.str) else {
            return .string(scalar.string)
        }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return number(scalar.string) ?? .string(scalar.string)
        }
    }

    private func number(_ text: String) -> JSONValue? {
        // Not a number in JSON: then it is a string, which is no error.
        guard let value = try? JSONValue(parsing: text), case .number = value else { return nil }
        return value
    }
}
