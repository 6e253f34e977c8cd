/// Some of a PF's virtual functions by index, written `4`, `0-3` or `0-3,5`; both ends are included.
package struct VFIndexSet: Sendable, Equatable, CustomStringConvertible {
    /// In the order they were written.
    package let ranges: [ClosedRange<Int>]

    /// The indexes of these ranges.
    package init(_ ranges: ClosedRange<Int>...) { self.ranges = ranges }

    /// Reads the text form; `nil` for anything else, a range written backwards and blanks included.
    package init?(_ text: String) {
        var ranges: [ClosedRange<Int>] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = item.split(separator: "-", omittingEmptySubsequences: false).map(decimal)
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last
            else { return nil }
            ranges.append(first...last)
        }
        self.ranges = ranges
    }

    /// Groups indexes into ranges: 0, 1, 2, 5 become `0-2,5`.
    package init(grouping indexes: some Sequence<Int>) {
        var ranges: [ClosedRange<Int>] = []
        for index in indexes.sorted() {
            if let last = ranges.last, last.upperBound + 1 >= index {
                ranges[ranges.count - 1] = last.lowerBound...index
            } else {
                ranges.append(index...index)
            }
        }
        self.ranges = ranges
    }

    /// Whether the index is in one of the ranges.
    package func contains(_ index: Int) -> Bool { ranges.contains { $0.contains(index) } }

    /// Whether some index is in both.
    package func overlaps(_ other: VFIndexSet) -> Bool {
        ranges.contains { range in other.ranges.contains { $0.overlaps(range) } }
    }

    /// The highest index.
    package var last: Int { ranges.map(\.upperBound).max() ?? 0 }

    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}

/// The value of up to five digits; more than any count of functions has.
private func decimal(_ digits: Substring) -> Int? {
    // Int(_:) takes a sign as well.
    guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        return nil
    }
    return Int(digits)
}
