package import PCI

/// Conditions on a function; all that are given must hold, each holds if one of its values fits.
///
/// Of `pfNames` and `rootDevices` only the first entry for a PF is looked at, as in the incumbent; a second one is refused
/// where the configuration is read.
///
/// - SeeAlso: SR-IOV network device plugin, README, "Device selectors"
package struct DeviceSelector: Sendable, Equatable {
    package var vendors: [PCIDeviceID] = []
    package var devices: [PCIDeviceID] = []
    package var drivers: [String] = []
    package var addresses: [PCIAddress] = []
    /// By name of the PF's netdev.
    package var pfNames: [FunctionFilter] = []
    /// By address of the PF.
    package var rootDevices: [FunctionFilter] = []
    package var linkTypes: [LinkType] = []

    package init() {}

    /// Holds the conditions against a function.
    ///
    /// - Parameters:
    ///   - function: The function in question.
    ///   - pf: The physical function it belongs to, if it is a virtual one.
    /// - Returns: The first condition that does not hold; `nil` if the selector takes the function.
    func refusal(of function: PCIFunction, pf: PCIFunction?) -> Refusal? {
        let identity = function.identity
        guard vendors.isEmpty || vendors.contains(identity.vendor) else { return .vendor(identity.vendor) }
        guard devices.isEmpty || devices.contains(identity.device) else { return .device(identity.device) }
        guard drivers.isEmpty || drivers.contains(function.driver ?? "") else { return .driver(function.driver) }
        guard addresses.isEmpty || addresses.contains(function.address) else { return .address }
        let pfNames = (pf?.interfaces ?? []).map(\.name)
        if let refusal = refusal(of: function, by: self.pfNames, selector: "pfNames", called: pfNames) {
            return refusal
        }
        let root = function.virtual.map { [$0.physicalFunction.description] } ?? []
        if let refusal = refusal(of: function, by: rootDevices, selector: "rootDevices", called: root) {
            return refusal
        }
        let linkType = (function.interfaces.first ?? pf?.interfaces.first)?.linkType
        guard linkTypes.isEmpty || linkTypes.contains(where: { $0 == linkType }) else { return .linkType(linkType) }
        return nil
    }

    private func refusal(
        of function: PCIFunction,
        by filters: [FunctionFilter],
        selector: String,
        called names: [String]
    ) -> Refusal? {
        guard !filters.isEmpty else { return nil }
        guard let role = function.virtual else { return .notVirtual(selector: selector) }
        let names = names.map { $0.lowercased() }
        guard let filter = filters.first(where: { names.contains($0.name) }) else {
            return .physicalFunction(selector: selector, names: names)
        }
        return filter.admits(role.index) ? nil : .virtualFunctionIndex(role.index, filter: filter.description)
    }
}

/// Why a selector does not take a function: the condition, and what the function has instead.
package enum Refusal: Equatable, Sendable {
    case vendor(PCIDeviceID)
    case device(PCIDeviceID)
    case driver(String?)
    case address
    /// The selector looks at the PF, and this is no virtual function.
    case notVirtual(selector: String)
    case physicalFunction(selector: String, names: [String])
    case virtualFunctionIndex(Int, filter: String)
    case linkType(LinkType?)
    /// The pool is for another class of device.
    case deviceType(DeviceType)
}

extension Refusal: CustomStringConvertible {
    package var description: String {
        switch self {
        case .vendor(let vendor): "vendors: it is \(vendor)"
        case .device(let device): "devices: it is \(device)"
        case .driver(let driver): "drivers: it is bound to \(driver ?? "none")"
        case .address: "pciAddresses: it is not listed"
        case .notVirtual(let selector): "\(selector): it is no virtual function"
        case .physicalFunction(let selector, let names):
            "\(selector): its PF is \(names.isEmpty ? "without a name" : names.joined(separator: ", "))"
        case .virtualFunctionIndex(let index, let filter): "\(filter): it is virtual function \(index)"
        case .linkType(let type): "linkTypes: it is \(type?.description ?? "unknown")"
        case .deviceType(let type): "deviceType: it is no \(type.rawValue)"
        }
    }
}
