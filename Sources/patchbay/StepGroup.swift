import HardwareConfiguration

/// Steps that a reader takes for one: the same change to several virtual functions of one PF.
struct StepGroup {
    let first: HardwareStep
    private(set) var steps: [HardwareStep]

    init(_ step: HardwareStep) {
        first = step
        steps = [step]
    }

    /// Takes the next step in, if it is of this kind.
    mutating func take(_ step: HardwareStep) -> Bool {
        guard let kind = Self.kind(of: step), kind == Self.kind(of: first) else { return false }
        steps.append(step)
        return true
    }

    /// Groups neighbours; the order stays.
    static func groups(_ steps: some Sequence<HardwareStep>) -> [StepGroup] {
        var groups: [StepGroup] = []
        for step in steps {
            guard var last = groups.popLast() else {
                groups.append(StepGroup(step))
                continue
            }
            let isTaken = last.take(step)
            groups.append(last)
            if !isTaken { groups.append(StepGroup(step)) }
        }
        return groups
    }

    /// What must be equal for two steps to share a line; `nil` for steps that stand alone.
    private static func kind(of step: HardwareStep) -> String? {
        switch step {
        case .bindDriver(let pf, _, let driver): "\(pf) bind \(driver)"
        case .restoreDriver(let pf, _, let driver): "\(pf) restore \(driver ?? "")"
        default: nil
        }
    }

    var text: String {
        guard steps.count > 1 else { return first.description }
        let indexes = VFIndexSet(grouping: steps.compactMap(\.virtualFunctionIndex))
        switch first {
        case .bindDriver(_, _, let driver): return "bind VFs \(indexes) to \(driver)"
        case .restoreDriver(_, _, let driver):
            return "give VFs \(indexes) back from \(driver ?? "no driver") to the kernel's default driver"
        default: return first.description
        }
    }
}

extension HardwareStep {
    fileprivate var virtualFunctionIndex: Int? {
        switch self {
        case .bindDriver(_, let index, _), .restoreDriver(_, let index, _): index
        default: nil
        }
    }
}
