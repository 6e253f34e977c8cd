package import Protobuf

/// The pod-resources API: the kubelet tells which pod has which devices.
///
/// - SeeAlso: podresources v1, Kubernetes 1.36
package enum PodResourcesV1 {
    /// Below the kubelet's root directory; the file is replaced at each start, so the directory is what to watch or mount.
    package static let socketPath = "/var/lib/kubelet/pod-resources/kubelet.sock"

    /// Paths of the methods that the kubelet serves.
    package enum PodResourcesLister {
        package static let list = "/v1.PodResourcesLister/List"
        /// Since Kubernetes 1.21.
        package static let getAllocatableResources = "/v1.PodResourcesLister/GetAllocatableResources"
        /// Since Kubernetes 1.27, on by default since 1.34; where it is off the answer is UNKNOWN.
        package static let get = "/v1.PodResourcesLister/Get"
    }
}

extension PodResourcesV1 {
    /// A message without fields.
    package struct ListPodResourcesRequest: ProtobufMessage {
        package init() {}

        package mutating func merge(_ field: Field) {}

        package func write(to writer: inout MessageWriter) {}
    }

    /// All pods the kubelet knows; which those are depends on its version.
    package struct ListPodResourcesResponse: ProtobufMessage {
        package var podResources: [PodResources] = []

        package init() {}

        package init(podResources: [PodResources]) {
            self.podResources = podResources
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &podResources)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, podResources)
        }
    }

    /// Asks for one pod.
    package struct GetPodResourcesRequest: ProtobufMessage {
        package var podName: String = ""
        package var podNamespace: String = ""

        package init() {}

        package init(podName: String, podNamespace: String = "") {
            self.podName = podName
            self.podNamespace = podNamespace
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &podName)
            case 2: try field.read(into: &podNamespace)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, podName)
            writer.write(2, podNamespace)
        }
    }

    /// The pod that was asked for.
    package struct GetPodResourcesResponse: ProtobufMessage {
        package var podResources: PodResources?

        package init() {}

        package init(podResources: PodResources?) {
            self.podResources = podResources
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &podResources)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, podResources)
        }
    }

    /// A message without fields.
    package struct AllocatableResourcesRequest: ProtobufMessage {
        package init() {}

        package mutating func merge(_ field: Field) {}

        package func write(to writer: inout MessageWriter) {}
    }

    /// Everything the kubelet may give to pods, given or not.
    package struct AllocatableResourcesResponse: ProtobufMessage {
        package var devices: [ContainerDevices] = []
        package var cpuIDs: [Int64] = []
        package var memory: [ContainerMemory] = []

        package init() {}

        package init(devices: [ContainerDevices], cpuIDs: [Int64] = [], memory: [ContainerMemory] = []) {
            self.devices = devices
            self.cpuIDs = cpuIDs
            self.memory = memory
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &devices)
            case 2: try field.append(to: &cpuIDs)
            case 3: try field.append(to: &memory)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, devices)
            writer.write(2, cpuIDs)
            writer.write(3, memory)
        }
    }

    /// What one pod has.
    package struct PodResources: ProtobufMessage {
        package var name: String = ""
        package var namespace: String = ""
        package var containers: [ContainerResources] = []
        /// Since Kubernetes 1.37.
        package var cpuIDs: [Int64] = []
        /// Since Kubernetes 1.37.
        package var memory: [ContainerMemory] = []

        package init() {}

        package init(
            name: String,
            namespace: String = "",
            containers: [ContainerResources] = [],
            cpuIDs: [Int64] = [],
            memory: [ContainerMemory] = []
        ) {
            self.name = name
            self.namespace = namespace
            self.containers = containers
            self.cpuIDs = cpuIDs
            self.memory = memory
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &name)
            case 2: try field.read(into: &namespace)
            case 3: try field.append(to: &containers)
            case 4: try field.append(to: &cpuIDs)
            case 5: try field.append(to: &memory)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, name)
            writer.write(2, namespace)
            writer.write(3, containers)
            writer.write(4, cpuIDs)
            writer.write(5, memory)
        }
    }
}
