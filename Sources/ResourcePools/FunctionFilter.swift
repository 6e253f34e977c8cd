/// A physical function by name or address, and which of its virtual functions: `netpf0#0-3,5`.
///
/// Without `#` all of them. Names are compared without regard to case.
///
/// - SeeAlso: SR-IOV network device plugin, README, `pfNames` and `rootDevices`
package struct FunctionFilter: Sendable, Equatable, CustomStringConvertible {
    /// The part before the `#`, in lower case.
    package let name: String
    /// The indices that are let through; `nil` lets all through.
    package let indices: [ClosedRange<Int>]?
    /// As it was written.
    package let description: String

    /// Reads one entry.
    ///
    /// - Throws: ``Flaw`` for an entry that could never select anything, or not what it seems to.
    package init(_ text: String) throws(Flaw) {
        let parts = text.split(separator: "#", omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, !name.contains(where: \.isWhitespace) else { throw .badName }
        guard parts.count <= 2 else { throw .secondHash }
        self.description = text
        self.name = name.lowercased()
        guard parts.count == 2 else {
            self.indices = nil
            return
        }
        var indices: [ClosedRange<Int>] = []
        for item in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
            indices.append(try Self.readRange(item))
        }
        self.indices = indices
    }

    /// Whether the virtual function at `index` of the PF is let through.
    package func admits(_ index: Int) -> Bool {
        indices?.contains { $0.contains(index) } ?? true
    }

    private static func readRange(_ item: Substring) throws(Flaw) -> ClosedRange<Int> {
        let ends = item.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2, let first = ends.first.flatMap(readIndex), let last = ends.last.flatMap(readIndex) else {
            throw .badItem(String(item))
        }
        guard first <= last else { throw .reversed(String(item)) }
        return first...last
    }

    private static func readIndex(_ digits: Substring) -> Int? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(digits)
    }

    /// What is wrong with an entry.
    package enum Flaw: Error, Equatable, Sendable, CustomStringConvertible {
        case badName
        case secondHash
        case badItem(String)
        case reversed(String)

        package var description: String {
            switch self {
            case .badName: "the part before '#' must be a name without spaces"
            case .secondHash: "there is more than one '#'"
            case .badItem(let item): "\"\(item)\" is neither an index nor a range such as 0-3"
            case .reversed(let item): "the range \(item) ends before it begins"
            }
        }
    }
}
