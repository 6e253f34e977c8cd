package import Protobuf

extension DevicePluginV1Beta1 {
    /// Which devices would be best, asked before they are chosen.
    package struct PreferredAllocationRequest: ProtobufMessage {
        package var containerRequests: [ContainerPreferredAllocationRequest] = []

        package init() {}

        package init(containerRequests: [ContainerPreferredAllocationRequest]) {
            self.containerRequests = containerRequests
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &containerRequests)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, containerRequests)
        }
    }

    /// The choice there is for one container.
    package struct ContainerPreferredAllocationRequest: ProtobufMessage {
        /// Holds ``mustIncludeDeviceIDs`` too.
        package var availableDeviceIDs: [String] = []
        package var mustIncludeDeviceIDs: [String] = []
        /// How many devices in all, those that must be included counted.
        package var allocationSize: Int32 = 0

        package init() {}

        package init(availableDeviceIDs: [String], mustIncludeDeviceIDs: [String] = [], allocationSize: Int32 = 0) {
            self.availableDeviceIDs = availableDeviceIDs
            self.mustIncludeDeviceIDs = mustIncludeDeviceIDs
            self.allocationSize = allocationSize
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &availableDeviceIDs)
            case 2: try field.append(to: &mustIncludeDeviceIDs)
            case 3: field.read(into: &allocationSize)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, availableDeviceIDs)
            writer.write(2, mustIncludeDeviceIDs)
            writer.write(3, allocationSize)
        }
    }

    /// One answer for each container of the request.
    package struct PreferredAllocationResponse: ProtobufMessage {
        package var containerResponses: [ContainerPreferredAllocationResponse] = []

        package init() {}

        package init(containerResponses: [ContainerPreferredAllocationResponse]) {
            self.containerResponses = containerResponses
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &containerResponses)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, containerResponses)
        }
    }

    /// The devices that suit one container best.
    package struct ContainerPreferredAllocationResponse: ProtobufMessage {
        package var deviceIDs: [String] = []

        package init() {}

        package init(deviceIDs: [String]) {
            self.deviceIDs = deviceIDs
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &deviceIDs)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, deviceIDs)
        }
    }

    /// Devices were chosen; the kubelet sends exactly one container.
    package struct AllocateRequest: ProtobufMessage {
        package var containerRequests: [ContainerAllocateRequest] = []

        package init() {}

        package init(containerRequests: [ContainerAllocateRequest]) {
            self.containerRequests = containerRequests
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &containerRequests)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, containerRequests)
        }
    }

    /// The devices of one container, in no order.
    package struct ContainerAllocateRequest: ProtobufMessage {
        package var deviceIDs: [String] = []

        package init() {}

        package init(deviceIDs: [String]) {
            self.deviceIDs = deviceIDs
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &deviceIDs)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, deviceIDs)
        }
    }

    /// One answer for each container of the request; to give none is an error for the kubelet.
    package struct AllocateResponse: ProtobufMessage {
        package var containerResponses: [ContainerAllocateResponse] = []

        package init() {}

        package init(containerResponses: [ContainerAllocateResponse]) {
            self.containerResponses = containerResponses
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &containerResponses)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, containerResponses)
        }
    }

    /// What a container gets with its devices.
    package struct ContainerAllocateResponse: ProtobufMessage {
        package var environment: [String: String] = [:]
        package var mounts: [Mount] = []
        /// `devices` in the API.
        package var deviceNodes: [DeviceSpec] = []
        /// For the container runtime, not for the pod.
        package var annotations: [String: String] = [:]
        /// Since Kubernetes 1.28.
        package var cdiDevices: [CDIDevice] = []

        package init() {}

        package init(
            environment: [String: String],
            mounts: [Mount] = [],
            deviceNodes: [DeviceSpec] = [],
            annotations: [String: String] = [:],
            cdiDevices: [CDIDevice] = []
        ) {
            self.environment = environment
            self.mounts = mounts
            self.deviceNodes = deviceNodes
            self.annotations = annotations
            self.cdiDevices = cdiDevices
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.insert(into: &environment)
            case 2: try field.append(to: &mounts)
            case 3: try field.append(to: &deviceNodes)
            case 4: try field.insert(into: &annotations)
            case 5: try field.append(to: &cdiDevices)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, environment)
            writer.write(2, mounts)
            writer.write(3, deviceNodes)
            writer.write(4, annotations)
            writer.write(5, cdiDevices)
        }
    }

    /// A host path that appears in the container.
    package struct Mount: ProtobufMessage {
        package var containerPath: String = ""
        package var hostPath: String = ""
        package var isReadOnly: Bool = false

        package init() {}

        package init(containerPath: String, hostPath: String = "", isReadOnly: Bool = false) {
            self.containerPath = containerPath
            self.hostPath = hostPath
            self.isReadOnly = isReadOnly
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &containerPath)
            case 2: try field.read(into: &hostPath)
            case 3: field.read(into: &isReadOnly)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, containerPath)
            writer.write(2, hostPath)
            writer.write(3, isReadOnly)
        }
    }

    /// A device node that appears in the container.
    package struct DeviceSpec: ProtobufMessage {
        package var containerPath: String = ""
        package var hostPath: String = ""
        /// Some of `r`, `w` and `m`.
        package var permissions: String = ""

        package init() {}

        package init(containerPath: String, hostPath: String = "", permissions: String = "") {
            self.containerPath = containerPath
            self.hostPath = hostPath
            self.permissions = permissions
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &containerPath)
            case 2: try field.read(into: &hostPath)
            case 3: try field.read(into: &permissions)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, containerPath)
            writer.write(2, hostPath)
            writer.write(3, permissions)
        }
    }

    /// A container with these devices is about to start.
    package struct PreStartContainerRequest: ProtobufMessage {
        package var deviceIDs: [String] = []

        package init() {}

        package init(deviceIDs: [String]) {
            self.deviceIDs = deviceIDs
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &deviceIDs)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, deviceIDs)
        }
    }

    /// A message without fields.
    package struct PreStartContainerResponse: ProtobufMessage {
        package init() {}

        package mutating func merge(_ field: Field) {}

        package func write(to writer: inout MessageWriter) {}
    }
}
