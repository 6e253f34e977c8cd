import LinuxSystem
import PCI

/// Which PF each virtual function belongs to, read once for all from the links of both.
struct VirtualFunctionRoles {
    /// Where each VF stands on its PF.
    private var roles: [PCIAddress: VirtualFunctionRole] = [:]
    /// The PF of each VF by its own word (`physfn`).
    private var parents: [PCIAddress: PCIAddress] = [:]

    /// Reads `physfn` of `functions` and the `virtfnN` of every PF found so.
    ///
    /// - Parameters:
    ///   - functions: Those whose PFs are looked for.
    ///   - devices: The directory of the functions' links, `/sys/bus/pci/devices`.
    init(of functions: [PCIAddress], in devices: String) {
        for function in functions {
            parents[function] = link("\(devices)/\(function)/physfn")
        }
        for parent in Set(parents.values) {
            for index in 0..<Self.indexLimit {
                guard let child = link("\(devices)/\(parent)/virtfn\(index)") else { break }
                roles[child] = VirtualFunctionRole(physicalFunction: parent, index: index)
            }
        }
    }

    /// The role of a function; `nil` if it is no virtual one.
    ///
    /// - Throws: ``SystemError`` ENOENT if it says it is virtual and its PF no longer lists it.
    func role(of function: PCIAddress) throws(SystemError) -> VirtualFunctionRole? {
        if let role = roles[function] { return role }
        guard let parent = parents[function] else { return nil }
        throw SystemError(call: "readlink", subject: "virtfn* of \(parent) to \(function)", errno: noSuchFile)
    }

    /// `NumVFs` is 16 bits wide (PCIe 6.0 §9.3.3.7).
    private static let indexLimit = 65_536
}

/// The address that a link's target ends in; `nil` without a link or with another target.
private func link(_ path: String) -> PCIAddress? {
    // A link that cannot be read says nothing: the function is then shown without a role or as vanished.
    guard let name = try? File.linkName(path) else { return nil }
    return PCIAddress(name)
}
