/// The text of `CNI_ARGS`: pairs `K=V` between semicolons, in order.
///
///     IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=samplepod
///
/// - SeeAlso: CNI 1.1.0, "Parameters"
package struct CNIArguments: Sendable, Equatable, CustomStringConvertible {
    /// One element, `KEY=VALUE`.
    package struct Pair: Sendable, Equatable {
        package var key: String
        package var value: String
    }

    /// In the order they were written.
    package private(set) var pairs: [Pair] = []

    package init() {}

    /// Reads the variable's text; empty elements are passed over.
    ///
    /// - Throws: ``CNIError`` code 4 for an element without exactly one `=`, as the reference parser does.
    package init(parsing text: String) throws(CNIError) {
        for element in text.utf8.split(separator: UInt8(ascii: ";")) {
            let sides = element.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
            guard sides.count == 2 else {
                throw CNIError(
                    .invalidEnvironment,
                    "CNI_ARGS: \"\(Substring(element))\" is not of the form KEY=VALUE"
                )
            }
            pairs.append(Pair(key: String(Substring(sides[0])), value: String(Substring(sides[1]))))
        }
    }

    /// The value of a key, the last one if it is there twice; assigning replaces it or appends it, `nil` takes it out.
    package subscript(key: String) -> String? {
        get { pairs.last { $0.key == key }?.value }
        set {
            let index = pairs.firstIndex { $0.key == key }
            pairs.removeAll { $0.key == key }
            guard let newValue else { return }
            pairs.insert(Pair(key: key, value: newValue), at: index ?? pairs.endIndex)
        }
    }

    /// Whether the caller says that keys the plugin does not know are no error.
    package var ignoresUnknown: Bool { ["true", "1", "t", "T", "TRUE", "True"].contains(self["IgnoreUnknown"]) }

    /// Refuses keys other than `known`, unless the caller said to pass over them.
    ///
    /// - Throws: ``CNIError`` code 4 naming the keys.
    package func refuseUnknown(besides known: Set<String>) throws(CNIError) {
        guard !ignoresUnknown else { return }
        let unknown = pairs.map(\.key).filter { $0 != "IgnoreUnknown" && !known.contains($0) }
        guard unknown.isEmpty else {
            throw CNIError(.invalidEnvironment, "CNI_ARGS: unknown \(unknown.joined(separator: ", "))")
        }
    }

    /// The variable's text.
    package var description: String { pairs.map { "\($0.key)=\($0.value)" }.joined(separator: ";") }
}
