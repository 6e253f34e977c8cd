package import KubeletAPI
package import PCI

/// Why one function is in the pool it is in, or in none.
package struct Explanation: Sendable, Equatable {
    /// Where the function ended.
    package enum Outcome: Sendable, Equatable {
        /// By the pool's selector at this position, counted from 0.
        case taken(by: ResourceName, selector: Int)
        case withheld(Withholding)
        /// Every pool was asked, none took it.
        case unmatched
    }

    /// One pool's, or one of its selectors', reason to refuse.
    package struct PoolRefusal: Sendable, Equatable {
        package var resource: ResourceName
        /// Counted from 0; `nil` if the pool as a whole refused.
        package var selector: Int?
        package var refusal: Refusal
    }

    package var address: PCIAddress
    package var outcome: Outcome
    /// In the order the pools were asked; those after the one that took it were not.
    package var refusals: [PoolRefusal]

    mutating func refuse(_ pool: PoolDeclaration, selector: Int?, _ refusal: Refusal) {
        refusals.append(PoolRefusal(resource: pool.resource, selector: selector, refusal: refusal))
    }
}

extension Explanation: CustomStringConvertible {
    /// Several lines: what became of the function, then what each pool said.
    package var description: String {
        let verdict =
            switch outcome {
            case .taken(let resource, let selector): "in \(resource), by selector \(selector)"
            case .withheld(let reason): "not offered: \(reason)"
            case .unmatched: "in no pool"
            }
        let lines = refusals.map { refusal in
            let selector = refusal.selector.map { " selector \($0)" } ?? ""
            return "\n  \(refusal.resource)\(selector) refused it: \(refusal.refusal)"
        }
        return "\(address) \(verdict)" + lines.joined()
    }
}

/// Why a function is offered to no pool, whatever its selectors say.
package enum Withholding: Equatable, Sendable, CustomStringConvertible {
    /// A PF with virtual functions, which stand for it.
    case hasVirtualFunctions(Int)
    /// Nothing drives it, so nothing could use it.
    case hasNoDriver
    /// The host needs it.
    case excluded(String)

    init?(of function: PCIFunction, exclusion: String?) {
        if let exclusion {
            self = .excluded(exclusion)
        } else if let count = function.sriov?.numVFs, count > 0 {
            self = .hasVirtualFunctions(count)
        } else if function.driver == nil {
            self = .hasNoDriver
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .hasVirtualFunctions(let count): "its \(count) virtual functions are offered in its place"
        case .hasNoDriver: "no driver is bound to it"
        case .excluded(let reason): reason
        }
    }
}
