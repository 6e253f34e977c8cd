import KubeletAPI
import ResourcePools

extension PoolAssignment {
    /// The pool as the kubelet is told of it.
    var deviceList: DevicePluginV1Beta1.ListAndWatchResponse {
        DevicePluginV1Beta1.ListAndWatchResponse(devices: devices.map(\.message))
    }

    /// Answers for each container in its turn.
    ///
    /// - Throws: ``AllocationError``, of which the user sees the text.
    func answer(
        _ request: DevicePluginV1Beta1.AllocateRequest
    ) throws(AllocationError) -> DevicePluginV1Beta1.AllocateResponse {
        var response = DevicePluginV1Beta1.AllocateResponse()
        for container in request.containerRequests {
            let allocation = try allocation(of: container.deviceIDs)
            response.containerResponses.append(
                DevicePluginV1Beta1.ContainerAllocateResponse(
                    environment: allocation.environment,
                    deviceNodes: allocation.deviceNodes.map {
                        DevicePluginV1Beta1.DeviceSpec(
                            containerPath: $0.containerPath,
                            hostPath: $0.hostPath,
                            permissions: "rw"
                        )
                    }
                )
            )
        }
        return response
    }

    /// Answers for each container in its turn.
    func answer(
        _ request: DevicePluginV1Beta1.PreferredAllocationRequest
    ) -> DevicePluginV1Beta1.PreferredAllocationResponse {
        DevicePluginV1Beta1.PreferredAllocationResponse(
            containerResponses: request.containerRequests.map {
                DevicePluginV1Beta1.ContainerPreferredAllocationResponse(
                    deviceIDs: preferredIDs(
                        available: $0.availableDeviceIDs,
                        required: $0.mustIncludeDeviceIDs,
                        count: Int($0.allocationSize)
                    )
                )
            }
        )
    }
}

extension PoolDevice {
    fileprivate var message: DevicePluginV1Beta1.Device {
        DevicePluginV1Beta1.Device(
            id: id,
            health: ailment == nil ? DevicePluginV1Beta1.healthy : DevicePluginV1Beta1.unhealthy,
            topology: numaNode.map { TopologyInfo(nodes: [NUMANode(id: Int64($0))]) }
        )
    }
}
