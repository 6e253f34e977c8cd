import HardwareConfiguration
import PCI

/// Steps that a reader takes for one: the same change to several virtual functions of one PF.
struct StepGroup {
    var steps: [HardwareStep]
    var text: String

    /// Groups neighbours; the order stays.
    static func groups(_ steps: [HardwareStep]) -> [StepGroup] {
        var groups: [[HardwareStep]] = []
        for step in steps {
            if let last = groups.last?.last, let kind = kind(of: step), kind == Self.kind(of: last) {
                groups[groups.count - 1].append(step)
            } else {
                groups.append([step])
            }
        }
        return groups.map { StepGroup(steps: $0, text: text(of: $0)) }
    }

    /// What must be equal for two steps to share a line; `nil` for steps that stand alone.
    private static func kind(of step: HardwareStep) -> String? {
        switch step {
        case .bindDriver(let pf, _, let driver): "\(pf) bind \(driver)"
        case .restoreDriver(let pf, _, let driver): "\(pf) restore \(driver ?? "")"
        default: nil
        }
    }

    private static func text(of steps: [HardwareStep]) -> String {
        let indexes = steps.compactMap { step -> Int? in
            switch step {
            case .bindDriver(_, let index, _), .restoreDriver(_, let index, _): index
            default: nil
            }
        }
        switch (steps.first, steps.count) {
        case (.bindDriver(_, _, let driver), 2...): return "bind VFs \(VFIndexSet(grouping: indexes)) to \(driver)"
        case (.restoreDriver(_, _, let driver), 2...):
            let set = VFIndexSet(grouping: indexes)
            return "give VFs \(set) back from \(driver ?? "no driver") to the kernel's default driver"
        case (let step?, _): return step.description
        case (nil, _): return ""
        }
    }
}
