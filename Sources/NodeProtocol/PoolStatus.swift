/// One pool as the daemon advertises it now.
package struct PoolStatus: Sendable, Equatable {
    /// The pool's own name: `intel_sriov`.
    package var name: String
    /// What pods ask for: `patchbay.dev/intel_sriov`.
    package var resourceName: String
    /// Whether kubelet has taken the registration and listens to the list of devices.
    package var isRegistered: Bool
    /// Why kubelet has not taken it; empty if it has, or was not asked yet.
    package var refusal: String
    /// In the order of the pool.
    package var devices: [DeviceStatus]

    package init(
        name: String,
        resourceName: String,
        isRegistered: Bool,
        refusal: String = "",
        devices: [DeviceStatus] = []
    ) {
        self.name = name
        self.resourceName = resourceName
        self.isRegistered = isRegistered
        self.refusal = refusal
        self.devices = devices
    }
}

/// One device of a pool.
package struct DeviceStatus: Sendable, Equatable {
    /// As kubelet knows it: for a PCI function its address.
    package var id: String
    package var isHealthy: Bool
    /// Why it is not healthy, or what is remarkable about it; empty if nothing is.
    package var reason: String
    package var numaNode: Int?
    /// The pod that kubelet gave it to, `namespace/name`; `nil` if it is free or kubelet could not be asked.
    package var allocatedTo: String?

    package init(
        id: String,
        isHealthy: Bool,
        reason: String = "",
        numaNode: Int? = nil,
        allocatedTo: String? = nil
    ) {
        self.id = id
        self.isHealthy = isHealthy
        self.reason = reason
        self.numaNode = numaNode
        self.allocatedTo = allocatedTo
    }
}
