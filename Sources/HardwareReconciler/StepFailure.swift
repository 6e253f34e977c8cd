import Glibc
package import HardwareConfiguration
package import LinuxSystem

/// A step of a plan failed, and those after it were not taken.
///
/// What was done stays as it is: the next plan starts from there.
package struct StepFailure: Error, Sendable, Equatable {
    package var step: HardwareStep
    package var cause: Cause
    /// The steps taken before, in order.
    package var done: [HardwareStep]

    /// Why a step failed.
    package enum Cause: Error, Sendable, Equatable {
        /// The kernel refused.
        case kernel(SystemError)
        /// The interface is no longer in this network namespace.
        case noInterface(String)
        /// The PF has no such virtual function, or no longer.
        case noVirtualFunction(index: Int)
        /// The kernel counts other virtual functions than it was asked for.
        case otherCount(found: Int, wanted: Int)
        /// No such driver is loaded.
        case noDriver(String)
        /// The kernel took the order and the driver is not bound; `found` is.
        case notBound(driver: String, found: String?)
    }
}

extension StepFailure.Cause: CustomStringConvertible {
    package var description: String {
        switch self {
        case .kernel(let error): error.description
        case .noInterface(let name): "there is no interface \(name) in this network namespace"
        case .noVirtualFunction(let index): "there is no VF \(index)"
        case .otherCount(let found, let wanted): "the kernel shows \(found) VFs after it was told to make \(wanted)"
        case .noDriver(let driver): "the driver \(driver) is not loaded"
        case .notBound(let driver, let found): "the kernel bound \(found ?? "no driver"), not \(driver)"
        }
    }
}

extension StepFailure {
    /// What the operator can do about it; `nil` where the cause says enough.
    package var advice: String? {
        switch cause {
        case .kernel(let error): advice(on: error.errno)
        case .noInterface: "It was renamed or moved meanwhile; plan again."
        case .noVirtualFunction, .otherCount:
            "Somebody else changes the number of VFs (another operator, a boot script); let one of the two do it."
        case .noDriver(let driver): "Load it with `modprobe \(driver)`, then apply again."
        case .notBound: "`dmesg` has the driver's own words."
        }
    }

    private func advice(on errno: CInt) -> String? {
        switch (step, errno) {
        case (_, EACCES), (_, EPERM): "Only root may do this."
        case (_, EROFS): "sysfs is mounted read-only here; in a container it must be mounted writable."
        case (_, ENODEV), (_, ENOENT): "The function or its driver went away meanwhile; plan again."
        case (.createVirtualFunctions, ENOMEM), (.createVirtualFunctions, ENOSPC):
            "The BIOS left no room for the VFs' memory or bus numbers: switch SR-IOV on there, or boot with `pci=realloc`."
        case (.createVirtualFunctions, EBUSY), (.removeVirtualFunctions, EBUSY):
            "Somebody else is changing the number of VFs, or the driver still works on it; apply again."
        case (.createVirtualFunctions, EINVAL), (.createVirtualFunctions, EOPNOTSUPP),
            (.createVirtualFunctions, ENOSYS):
            "The PF's driver refuses; `dmesg` has its words. SR-IOV may be off in firmware."
        case (.bindDriver(_, _, let driver), EINVAL) where driver.contains("vfio"):
            "vfio needs an IOMMU: switch it on in the BIOS and boot with `intel_iommu=on` (or AMD's equivalent)."
        case (.setMTU, EINVAL), (.setMTU, ERANGE):
            "The driver does not take this MTU; `ip -d link show` names its limits."
        default: nil
        }
    }
}
