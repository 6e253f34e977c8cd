import Addresses
import Attachments
package import PCI
package import ResourcePools

/// Decides what each pool offers and how its devices are, from what the machine shows and what the journals claim.
///
/// While a function is claimed, that its interface is not on the host is no ill health, and it stays in the pool it was
/// in; a function whose claimant is gone is not given out until it is returned.
package enum PoolSurvey {
    /// Gives every function to its pool and says what ails it.
    ///
    /// - Parameters:
    ///   - pools: What was declared.
    ///   - inventory: What the machine shows.
    ///   - claims: What the journals claim.
    ///   - exclusions: What the host needs for itself, each with the reason.
    /// - Returns: The pools with their devices, and every function with its way.
    package static func assign(
        _ pools: PoolList,
        inventory: Inventory,
        claims: FunctionClaims,
        exclusions: [PCIAddress: String] = [:]
    ) -> Assignments {
        var assignments = pools.assign(atHome(inventory, claims), exclusions: exclusions)
        for pool in assignments.pools.indices {
            for device in assignments.pools[pool].devices.indices {
                let address = assignments.pools[pool].devices[device].function.address
                guard let shown = inventory[address] else { continue }
                assignments.pools[pool].devices[device].ailment = ailment(of: shown, claims.claims[address])
            }
        }
        return assignments
    }

    /// The inventory as it would be with every claimed function back at home, since selectors look at interfaces.
    static func atHome(_ inventory: Inventory, _ claims: FunctionClaims) -> Inventory {
        var inventory = inventory
        for index in inventory.functions.indices where inventory.functions[index].interfaces.isEmpty {
            guard let record = claims.claims[inventory.functions[index].address]?.record,
                let interface = record.originals.interface
            else { continue }
            inventory.functions[index].interfaces = [
                NetworkInterface(
                    name: interface.name,
                    hardwareAddress: interface.mac.description,
                    mtu: interface.mtu
                )
            ]
        }
        return inventory
    }

    /// Why no pod may get the function now.
    private static func ailment(of function: PCIFunction, _ claim: FunctionClaims.Claim?) -> String? {
        if let claim {
            return claim.isLive ? nil : "awaiting return: \(claim.holder) is gone and has not given it back"
        }
        guard function.identity.baseClass == 0x02, function.interfaces.isEmpty, let driver = function.driver,
            !driver.contains("vfio"), !FunctionDriver(rawValue: driver).isUserspace
        else { return nil }
        return "its interface is in a network namespace that no journal names"
    }
}
