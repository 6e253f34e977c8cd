package import PCI

/// A pool with its devices.
package struct PoolAssignment: Sendable, Equatable {
    package var pool: PoolDeclaration
    /// By address.
    package var devices: [PoolDevice]

    package init(pool: PoolDeclaration, devices: [PoolDevice] = []) {
        self.pool = pool
        self.devices = devices
    }
}

/// A function as a pool offers it.
package struct PoolDevice: Sendable, Equatable {
    /// The kubelet's name for it, the text of its PCI address.
    package var id: String
    package var function: PCIFunction
    /// Near which NUMA node the kubelet is told it is; `nil` if that is unknown, or if the pool does not tell.
    package var numaNode: Int?
    /// Why no pod may get it now; `nil` while it is healthy.
    package var ailment: String?

    package init(id: String, function: PCIFunction, numaNode: Int? = nil, ailment: String? = nil) {
        self.id = id
        self.function = function
        self.numaNode = numaNode
        self.ailment = ailment
    }
}

/// Which pool got what, and why.
package struct Assignments: Sendable, Equatable {
    /// Every declared pool in its order, also one that got no device.
    package var pools: [PoolAssignment]
    /// Every function of the inventory, by address.
    package var explanations: [Explanation]
}

extension PoolList {
    /// Gives each function to the first pool that takes it.
    ///
    /// Not offered at all are a PF that has virtual functions, since those stand for it, a function without a driver, and what
    /// the host needs.
    ///
    /// - Parameters:
    ///   - inventory: What the machine has.
    ///   - exclusions: Functions that the host needs for itself, each with the reason.
    /// - Returns: Every pool with its devices, and every function with its way.
    package func assign(_ inventory: Inventory, exclusions: [PCIAddress: String] = [:]) -> Assignments {
        let byAddress = Dictionary(
            inventory.functions.map { ($0.address, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var devices: [[PoolDevice]] = Array(repeating: [], count: pools.count)
        var explanations: [Explanation] = []
        for function in inventory.functions {
            let pf = function.virtual.flatMap { byAddress[$0.physicalFunction] }
            let (explanation, taker) = decide(on: function, pf: pf, exclusion: exclusions[function.address])
            explanations.append(explanation)
            if let taker { devices[taker].append(pools[taker].offer(function)) }
        }
        return Assignments(
            pools: zip(pools, devices).map { PoolAssignment(pool: $0, devices: $1) },
            explanations: explanations
        )
    }

    /// Why `function` goes where it goes, and the position of the pool that takes it.
    private func decide(on function: PCIFunction, pf: PCIFunction?, exclusion: String?) -> (Explanation, taker: Int?) {
        var explanation = Explanation(address: function.address, outcome: .unmatched, refusals: [])
        if let reason = Withholding(of: function, exclusion: exclusion) {
            explanation.outcome = .withheld(reason)
            return (explanation, nil)
        }
        for (position, pool) in pools.enumerated() {
            guard function.identity.baseClass == pool.deviceType.baseClass else {
                explanation.refuse(pool, selector: nil, .deviceType(pool.deviceType))
                continue
            }
            for (index, selector) in pool.selectors.enumerated() {
                guard let refusal = selector.refusal(of: function, pf: pf) else {
                    explanation.outcome = .taken(by: pool.resource, selector: index)
                    return (explanation, position)
                }
                explanation.refuse(pool, selector: index, refusal)
            }
        }
        return (explanation, nil)
    }
}

extension PoolDeclaration {
    fileprivate func offer(_ function: PCIFunction) -> PoolDevice {
        PoolDevice(
            id: function.address.description,
            function: function,
            numaNode: excludesTopology ? nil : function.numaNode
        )
    }
}
