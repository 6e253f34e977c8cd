package import PCI

/// What takes a machine's NICs to what a document declares.
package struct HardwarePlan: Sendable, Equatable {
    /// By address, those that are as declared already included.
    package var functions: [FunctionPlan]
    /// Declarations that match no NIC of this machine, by their place, `nics[1]`.
    ///
    /// No problem: one file may serve unlike machines.
    package var unmatched: [String]

    /// A plan made by hand.
    package init(functions: [FunctionPlan] = [], unmatched: [String] = []) {
        self.functions = functions
        self.unmatched = unmatched
    }

    /// All steps in the order they are taken.
    package var steps: [HardwareStep] { functions.flatMap(\.steps) }

    /// What stands in the way; a function with a problem has no steps.
    package var problems: [HardwareProblem] { functions.flatMap(\.problems) }
}

/// What is to be done to one physical function, or why nothing can be.
package struct FunctionPlan: Sendable, Equatable {
    package var address: PCIAddress
    /// Empty if the function is as declared, or has a problem.
    package var steps: [HardwareStep]
    package var problems: [HardwareProblem]
}

/// A physical function cannot be what is declared for it.
package struct HardwareProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package var function: PCIAddress
    /// The key that asks for it: `nics[0].virtualFunctions`.
    package var path: String
    package var reason: Reason

    /// What stands in the way.
    package enum Reason: Sendable, Equatable {
        /// Another declaration matches it too.
        case declaredTwice(alsoBy: String)
        case cannotMakeVirtualFunctions
        /// More than `sriov_totalvfs`.
        case tooManyVirtualFunctions(wanted: Int, limit: Int)
        /// Its interface is in another namespace, or its driver makes none.
        case noInterface
        /// These virtual functions would be taken from who holds them.
        case inUse([HeldFunction])
    }

    package var description: String { "\(path): \(function) \(reason.sentence)" }
}

/// A virtual function that somebody uses.
package struct HeldFunction: Sendable, Equatable {
    package var address: PCIAddress
    package var index: Int
    /// Who, for a sentence: `pod default/samplepod holds it as net1`.
    package var reason: String
}

extension HardwareProblem.Reason {
    var sentence: String {
        switch self {
        case .declaredTwice(let other): "is matched by \(other) too; narrow one of them"
        case .cannotMakeVirtualFunctions:
            "cannot make virtual functions: it has no SR-IOV, or firmware or BIOS has switched it off"
        case .tooManyVirtualFunctions(let wanted, let limit):
            "can have \(limit) virtual functions, \(wanted) are asked for"
        case .noInterface: "has no network interface here whose MTU could be set"
        case .inUse(let held):
            "must not be changed while its virtual functions are in use:"
                + held.map { "\n  VF \($0.index) (\($0.address)): \($0.reason)" }.joined()
        }
    }
}

extension HardwareDocument {
    /// The steps that take the NICs of `inventory` to what is declared, in order; none if they are there already.
    ///
    /// For one PF: its interface up (until then its VFs have no carrier: igb in the lab, Linux 6.12), its MTU, the count
    /// of VFs (through zero: the kernel answers `EBUSY` to a change between two other counts), then drivers. A function
    /// that cannot be taken all the way is not touched.
    ///
    /// - Parameters:
    ///   - inventory: The machine as it is.
    ///   - inUse: Virtual functions that must not be taken away or bound anew, and who holds them.
    /// - Returns: Steps for each function that is declared, or the problems that stand in the way.
    package func plan(for inventory: Inventory, inUse: [PCIAddress: String] = [:]) -> HardwarePlan {
        var declared: [PCIAddress: [Int]] = [:]
        var unmatched: [String] = []
        for (index, nic) in nics.enumerated() {
            let functions = nic.functions(in: inventory)
            if functions.isEmpty { unmatched.append("nics[\(index)]") }
            for function in functions { declared[function.address, default: []].append(index) }
        }
        let functions = inventory.functions.compactMap { function -> FunctionPlan? in
            guard let matches = declared[function.address], let first = matches.first else { return nil }
            guard matches.count == 1 else {
                return .impossible(function, "nics[\(first)].match", .declaredTwice(alsoBy: "nics[\(matches[1])]"))
            }
            let planner = FunctionPlanner(
                function: function,
                virtualFunctions: inventory.virtualFunctions(of: function.address),
                declaration: nics[first],
                path: "nics[\(first)]",
                inUse: inUse
            )
            return planner.plan()
        }
        return HardwarePlan(functions: functions, unmatched: unmatched)
    }
}

extension NICDeclaration {
    /// The functions this is about: of NICs matched by kind, those without SR-IOV are left out when VFs are asked for.
    func functions(in inventory: Inventory) -> [PCIFunction] {
        let matched = inventory.functions.filter(match.matches)
        guard (virtualFunctions ?? 0) > 0, match.addresses.isEmpty, match.names.isEmpty else { return matched }
        let capable = matched.filter { $0.sriov != nil }
        return capable.isEmpty ? matched : capable
    }
}

extension FunctionPlan {
    static func impossible(_ function: PCIFunction, _ path: String, _ reason: HardwareProblem.Reason) -> FunctionPlan {
        let problem = HardwareProblem(function: function.address, path: path, reason: reason)
        return FunctionPlan(address: function.address, steps: [], problems: [problem])
    }
}
