package import KubeletAPI

/// The pools somebody declared, in the order that decides who gets a device that several would take.
package struct PoolList: Sendable, Equatable {
    package var pools: [PoolDeclaration]

    package init(_ pools: [PoolDeclaration] = []) { self.pools = pools }
}

/// One pool: the resource that pods request, and which functions belong to it.
package struct PoolDeclaration: Sendable, Equatable {
    package var resource: ResourceName
    package var deviceType: DeviceType
    /// Whether the kubelet is not told the devices' NUMA nodes.
    package var excludesTopology: Bool
    /// A function belongs to the pool if any of them takes it.
    package var selectors: [DeviceSelector]
    /// What a container is told about its devices besides, by device address or `*` for all.
    package var additionalInfo: [String: [String: String]]

    package init(
        resource: ResourceName,
        deviceType: DeviceType = .netDevice,
        excludesTopology: Bool = false,
        selectors: [DeviceSelector] = [DeviceSelector()],
        additionalInfo: [String: [String: String]] = [:]
    ) {
        self.resource = resource
        self.deviceType = deviceType
        self.excludesTopology = excludesTopology
        self.selectors = selectors
        self.additionalInfo = additionalInfo
    }

    /// The variable that lists a container's device ids, `PCIDEVICE_INTEL_COM_SRIOV_NET`.
    ///
    /// Only dots are replaced, as in the incumbent; a hyphen stays, though a shell cannot name such a variable.
    package var environmentKey: String {
        let name = "\(resource.prefix)_\(resource.name)".uppercased()
        return "PCIDEVICE_" + String(name.map { $0 == "." ? "_" : $0 })
    }
}

/// What kind of function a pool holds.
package enum DeviceType: String, Sendable {
    case netDevice
    case accelerator

    /// The base class of the PCI class code that such a function has.
    package var baseClass: UInt8 {
        switch self {
        case .netDevice: 0x02
        case .accelerator: 0x12
        }
    }
}
