/// One thing wrong in a document that somebody wrote, with its place.
package struct DocumentProblem: Error, Equatable, Sendable, CustomStringConvertible {
    /// Where: `pools[0].selectors.vendors[1]`; empty for the document itself.
    package var path: String
    /// What was found and what is allowed.
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { path.isEmpty ? reason : "\(path): \(reason)" }
}

/// Reads the members of one object and collects everything that is wrong with them, so that a person sees all at once.
///
/// Ask for each known key, then call ``finish()``: keys nobody asked for are reported, with the nearest known one.
package struct JSONFields {
    /// The path of the object itself.
    package let path: String
    private let object: JSONObject
    private var known: [String] = []
    /// What was wrong so far, in the order it was asked for.
    package private(set) var problems: [DocumentProblem] = []

    /// Starts reading `value`; if it is no object that is the first problem, and every key is absent.
    package init(_ value: JSONValue, at path: String = "") {
        self.path = path
        self.object = value.object ?? JSONObject()
        if value.object == nil { report("", "expected an object, found \(value.kind)") }
    }

    /// Adds a problem at `key`, or at the object itself if `key` is empty.
    package mutating func report(_ key: String, _ reason: String) {
        problems.append(DocumentProblem(path: place(of: key), reason: reason))
    }

    /// Adds problems found elsewhere, which carry their own paths.
    package mutating func report(_ more: [DocumentProblem]) { problems.append(contentsOf: more) }

    /// The path of a member.
    package func place(of key: String) -> String {
        if key.isEmpty { path } else if path.isEmpty { key } else { "\(path).\(key)" }
    }

    /// Whether the key is there and not null.
    package func has(_ key: String) -> Bool { object[key].map { $0 != .null } ?? false }

    /// The value as it is; `nil` if it is absent or null.
    package mutating func value(_ key: String) -> JSONValue? {
        known.append(key)
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    /// The string; `nil` if it is absent, and if it is something else, which is reported.
    package mutating func string(_ key: String) -> String? {
        typed(key, "a string", \.string)
    }

    /// The truth value; `nil` if it is absent, and if it is something else, which is reported.
    package mutating func bool(_ key: String) -> Bool? {
        typed(key, "true or false", \.bool)
    }

    /// The whole number; `nil` if it is absent, and if it is no number or outside `range`, which is reported.
    package mutating func int(_ key: String, in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
        guard let number = typed(key, "a whole number", \.int) else { return nil }
        guard range.contains(number) else {
            report(key, "\(number) is not within \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// The list of strings; empty if it is absent; elements that are none are reported and left out.
    package mutating func strings(_ key: String) -> [String] {
        var texts: [String] = []
        for (index, element) in (array(key) ?? []).enumerated() {
            if let text = element.string {
                texts.append(text)
            } else {
                report("\(key)[\(index)]", "expected a string, found \(element.kind)")
            }
        }
        return texts
    }

    /// The list; `nil` if it is absent, and if it is something else, which is reported.
    package mutating func array(_ key: String) -> [JSONValue]? {
        typed(key, "a list", \.array)
    }

    /// The object; `nil` if it is absent, and if it is something else, which is reported.
    package mutating func object(_ key: String) -> JSONObject? {
        typed(key, "an object", \.object)
    }

    /// Reports `key` as missing unless it is there.
    package mutating func require(_ key: String) {
        if !has(key) { report(key, "missing") }
    }

    /// The members nobody has asked for so far, for who hands on what it does not know.
    package var unread: JSONObject {
        var rest = JSONObject()
        for (key, value) in object.members where !known.contains(key) { rest[key] = value }
        return rest
    }

    /// Every problem, keys nobody asked for included.
    package consuming func finish() -> [DocumentProblem] {
        for key in object.keys where !known.contains(key) {
            let hint = nearest(to: key, among: known).map { "; did you mean \"\($0)\"?" } ?? ""
            report(key, "unknown key\(hint)")
        }
        return problems
    }

    private mutating func typed<Value>(_ key: String, _ expected: String, _ read: (JSONValue) -> Value?) -> Value? {
        guard let value = value(key) else { return nil }
        guard let typed = read(value) else {
            report(key, "expected \(expected), found \(value.kind)")
            return nil
        }
        return typed
    }
}

/// The word of `candidates` that `word` was most likely meant to be; `nil` if none is near.
package func nearest(to word: String, among candidates: [String]) -> String? {
    let limit = max(1, word.count / 3)
    let ranked = candidates.map { ($0, editDistance(Array(word.lowercased()), Array($0.lowercased()))) }
    return ranked.filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
}

/// How many characters must be put in, taken out, replaced or swapped with their neighbour to make `left` into `right`.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
            var best = min(replaced, last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                best = min(best, beforeLast[column - 1] + 1)
            }
            current.append(best)
        }
        (beforeLast, last) = (last, current)
    }
    return last[right.count]
}
