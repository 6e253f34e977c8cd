import PCI

extension PoolAssignment {
    /// Which devices suit a container best: those it must have, then as many as are wanted, from as few PFs as come easily.
    ///
    /// Devices on the PFs of those it must have come first, then PF by PF in the order of their addresses. The answer holds
    /// nothing that was not offered, and the same question always has the same answer.
    ///
    /// - Parameters:
    ///   - available: The ids to choose from.
    ///   - required: The ids that must be in the answer.
    ///   - count: How many in all.
    /// - Returns: The required ids and the best of the others, fewer than `count` if there are no more.
    package func preferredIDs(available: [String], required: [String], count: Int) -> [String] {
        let known = Dictionary(devices.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let startedParents = Set(required.compactMap { known[$0]?.parent })
        let candidates = available.filter { !required.contains($0) }.compactMap { known[$0] }
        let ordered = candidates.sorted { left, right in
            let ranks = (startedParents.contains(left.parent) ? 0 : 1, startedParents.contains(right.parent) ? 0 : 1)
            return (ranks.0, left.parent, left.index, left.id) < (ranks.1, right.parent, right.index, right.id)
        }
        return required + ordered.prefix(max(0, count - required.count)).map(\.id)
    }
}

extension PoolDevice {
    /// The PF of a virtual function, else the function itself.
    fileprivate var parent: PCIAddress { function.virtual?.physicalFunction ?? function.address }

    fileprivate var index: Int { function.virtual?.index ?? 0 }
}
