/// The members of a JSON object in their order.
///
/// Names are unique: of two equal names in a document the last one's value counts, as in Go's decoder, so that we and the
/// delegates we hand the document to read the same.
package struct JSONObject: Sendable, ExpressibleByDictionaryLiteral {
    /// Name and value of each member, in order.
    package private(set) var members: [(key: String, value: JSONValue)] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }

    /// The value of a member; assigning `nil` takes the member out, assigning to a new name appends it.
    package subscript(key: String) -> JSONValue? {
        get { members.first { $0.key == key }?.value }
        set {
            let index = members.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): members[index].value = value
            case (let index?, nil): members.remove(at: index)
            case (nil, let value?): members.append((key, value))
            case (nil, nil): break
            }
        }
    }

    /// The names in order.
    package var keys: [String] { members.map(\.key) }

    package var isEmpty: Bool { members.isEmpty }

    /// This object with the members of `other` laid over it: `other` wins.
    package func merging(_ other: JSONObject) -> JSONObject {
        var merged = self
        for (key, value) in other.members { merged[key] = value }
        return merged
    }

    /// Made by the parser, which has seen to it that names are unique.
    init(unique members: [(key: String, value: JSONValue)]) { self.members = members }
}

extension JSONObject: Equatable {
    /// Whether both have the same members; their order does not matter.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}
