import KubeletAPI
package import NodeProtocol
package import ResourcePools

extension PoolStatus {
    /// A pool as a person wants to see it: what it offers, what kubelet made of it, and who has what.
    ///
    /// - Parameters:
    ///   - assignment: What it offers.
    ///   - isRegistered: Whether kubelet has taken it; not where the daemon does not run.
    ///   - refusal: What kubelet said last, if it refused.
    ///   - holders: Pods by device id.
    package init(
        _ assignment: PoolAssignment,
        isRegistered: Bool = false,
        refusal: String = "",
        holders: [String: String] = [:]
    ) {
        self.init(
            name: assignment.pool.resource.name,
            resourceName: assignment.pool.resource.description,
            isRegistered: isRegistered,
            refusal: refusal,
            devices: assignment.devices.map { device in
                DeviceStatus(
                    id: device.id,
                    isHealthy: device.ailment == nil,
                    reason: device.ailment ?? "",
                    numaNode: device.numaNode,
                    allocatedTo: holders[device.id]
                )
            }
        )
    }
}
