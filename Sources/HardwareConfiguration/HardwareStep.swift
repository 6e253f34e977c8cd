package import PCI

/// One change to one physical function or to one of its virtual ones.
///
/// Virtual functions are named by PF and index: a plan may be about some that are not made yet and have no address.
package enum HardwareStep: Sendable, Equatable {
    /// Sets the PF's interface up.
    case bringUp(PCIAddress, interface: String)
    /// Sets the MTU of the PF's interface, in bytes.
    case setMTU(PCIAddress, interface: String, from: Int, to: Int)
    /// Removes all virtual functions.
    case removeVirtualFunctions(PCIAddress, count: Int)
    /// Makes virtual functions where there are none.
    case createVirtualFunctions(PCIAddress, count: Int)
    /// Gives a virtual function this driver and no other (`driver_override`), if it has not got it by itself.
    case bindDriver(PCIAddress, index: Int, driver: String)
    /// Gives a virtual function back to the driver the kernel chooses.
    case restoreDriver(PCIAddress, index: Int, from: String?)

    /// The PF that the step is about.
    package var physicalFunction: PCIAddress {
        switch self {
        case .bringUp(let pf, _), .setMTU(let pf, _, _, _), .removeVirtualFunctions(let pf, _),
            .createVirtualFunctions(let pf, _), .bindDriver(let pf, _, _), .restoreDriver(let pf, _, _):
            pf
        }
    }
}

extension HardwareStep: CustomStringConvertible {
    package var description: String {
        switch self {
        case .bringUp(_, let interface): "set \(interface) up"
        case .setMTU(_, let interface, let old, let new): "set the MTU of \(interface) from \(old) to \(new)"
        case .removeVirtualFunctions(_, let count): "remove the \(counted(count))"
        case .createVirtualFunctions(_, let count): "make \(counted(count))"
        case .bindDriver(_, let index, let driver): "bind VF \(index) to \(driver)"
        case .restoreDriver(_, let index, let driver):
            "give VF \(index) back from \(driver ?? "no driver") to the kernel's default driver"
        }
    }
}

private func counted(_ count: Int) -> String { count == 1 ? "1 VF" : "\(count) VFs" }
