package import Protobuf

extension PodResourcesV1 {
    /// What one container has.
    package struct ContainerResources: ProtobufMessage {
        package var name: String = ""
        package var devices: [ContainerDevices] = []
        package var cpuIDs: [Int64] = []
        package var memory: [ContainerMemory] = []
        /// Since Kubernetes 1.27.
        package var dynamicResources: [DynamicResource] = []

        package init() {}

        package init(
            name: String,
            devices: [ContainerDevices] = [],
            cpuIDs: [Int64] = [],
            memory: [ContainerMemory] = [],
            dynamicResources: [DynamicResource] = []
        ) {
            self.name = name
            self.devices = devices
            self.cpuIDs = cpuIDs
            self.memory = memory
            self.dynamicResources = dynamicResources
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &name)
            case 2: try field.append(to: &devices)
            case 3: try field.append(to: &cpuIDs)
            case 4: try field.append(to: &memory)
            case 5: try field.append(to: &dynamicResources)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, name)
            writer.write(2, devices)
            writer.write(3, cpuIDs)
            writer.write(4, memory)
            writer.write(5, dynamicResources)
        }
    }

    /// Devices of one resource near the same NUMA nodes.
    ///
    /// The kubelet sends one of these for each device and node, with a single id, in no order.
    package struct ContainerDevices: ProtobufMessage {
        package var resourceName: String = ""
        package var deviceIDs: [String] = []
        package var topology: TopologyInfo?

        package init() {}

        package init(resourceName: String, deviceIDs: [String] = [], topology: TopologyInfo? = nil) {
            self.resourceName = resourceName
            self.deviceIDs = deviceIDs
            self.topology = topology
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &resourceName)
            case 2: try field.append(to: &deviceIDs)
            case 3: try field.read(into: &topology)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, resourceName)
            writer.write(2, deviceIDs)
            writer.write(3, topology)
        }
    }

    /// Memory or huge pages.
    package struct ContainerMemory: ProtobufMessage {
        package var memoryType: String = ""
        /// In bytes.
        package var size: UInt64 = 0
        package var topology: TopologyInfo?

        package init() {}

        package init(memoryType: String, size: UInt64 = 0, topology: TopologyInfo? = nil) {
            self.memoryType = memoryType
            self.size = size
            self.topology = topology
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &memoryType)
            case 2: field.read(into: &size)
            case 3: try field.read(into: &topology)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, memoryType)
            writer.write(2, size)
            writer.write(3, topology)
        }
    }

    /// Devices that came through a ResourceClaim.
    package struct DynamicResource: ProtobufMessage {
        package var claimName: String = ""
        package var claimNamespace: String = ""
        package var claimResources: [ClaimResource] = []

        package init() {}

        package init(claimName: String, claimNamespace: String = "", claimResources: [ClaimResource] = []) {
            self.claimName = claimName
            self.claimNamespace = claimNamespace
            self.claimResources = claimResources
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 2: try field.read(into: &claimName)
            case 3: try field.read(into: &claimNamespace)
            case 4: try field.append(to: &claimResources)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(2, claimName)
            writer.write(3, claimNamespace)
            writer.write(4, claimResources)
        }
    }

    /// One device of a claim.
    package struct ClaimResource: ProtobufMessage {
        /// Within one driver each entry repeats the names of those before it.
        package var cdiDevices: [CDIDevice] = []
        package var driverName: String = ""
        package var poolName: String = ""
        package var deviceName: String = ""
        /// Since Kubernetes 1.35.
        package var shareID: String?

        package init() {}

        package init(
            cdiDevices: [CDIDevice],
            driverName: String = "",
            poolName: String = "",
            deviceName: String = "",
            shareID: String? = nil
        ) {
            self.cdiDevices = cdiDevices
            self.driverName = driverName
            self.poolName = poolName
            self.deviceName = deviceName
            self.shareID = shareID
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &cdiDevices)
            case 2: try field.read(into: &driverName)
            case 3: try field.read(into: &poolName)
            case 4: try field.read(into: &deviceName)
            case 5: try field.read(into: &shareID)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, cdiDevices)
            writer.write(2, driverName)
            writer.write(3, poolName)
            writer.write(4, deviceName)
            writer.write(5, shareID)
        }
    }
}
