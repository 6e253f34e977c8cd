/// The fields that one direction of a connection has in common, newest first, bounded by their size.
///
/// - SeeAlso: RFC 7541 §2.3.2, §4
struct DynamicTable: Sendable {
    /// Oldest first; entries before `start` are evicted and cleared.
    private var entries: [HeaderField] = []
    private var start = 0
    /// The sum of the entries' sizes, in octets.
    private(set) var size = 0
    /// The bound on ``size``, in octets.
    private(set) var maximumSize: Int

    init(maximumSize: Int) { self.maximumSize = maximumSize }

    var count: Int { entries.count - start }

    /// The entry at `index`, 0 for the newest.
    subscript(index: Int) -> HeaderField? {
        index >= 0 && index < count ? entries[entries.count - 1 - index] : nil
    }

    /// Adds a field, evicting the oldest until it fits; one larger than the table empties the table (§4.4).
    mutating func insert(_ field: HeaderField) {
        evict(downTo: maximumSize - field.size)
        guard field.size <= maximumSize else { return }
        entries.append(field)
        size += field.size
    }

    /// Changes the bound, evicting the oldest until the rest fits (§4.3).
    mutating func resize(to maximumSize: Int) {
        self.maximumSize = maximumSize
        evict(downTo: maximumSize)
    }

    /// The index of exactly this field, and of the newest entry with its name.
    func find(_ field: HeaderField) -> (exact: Int?, name: Int?) {
        var name: Int?
        for index in 0..<count {
            let entry = entries[entries.count - 1 - index]
            guard entry.name == field.name else { continue }
            if entry.value == field.value { return (index, name ?? index) }
            if name == nil { name = index }
        }
        return (nil, name)
    }

    private mutating func evict(downTo limit: Int) {
        while size > max(limit, 0), start < entries.count {
            size -= entries[start].size
            entries[start] = HeaderField(name: [], value: [])
            start += 1
        }
        guard start == entries.count || start > 64 && start * 2 > entries.count else { return }
        entries.removeFirst(start)
        start = 0
    }
}
