package import Protobuf

/// The device plugin API: the plugin registers with the kubelet, the kubelet then calls the plugin.
///
/// - SeeAlso: device plugin v1beta1, Kubernetes 1.36
package enum DevicePluginV1Beta1 {
    /// The one version the kubelet takes.
    package static let version = "v1beta1"
    /// Compiled into the kubelet, which does not derive it from its root directory.
    package static let directory = "/var/lib/kubelet/device-plugins"
    /// The name of the kubelet's own socket in that directory.
    package static let kubeletSocketName = "kubelet.sock"
    /// What ``Device/health`` must say for the device to count; anything else is unhealthy.
    package static let healthy = "Healthy"
    package static let unhealthy = "Unhealthy"

    /// Paths of the methods that the plugin calls on the kubelet.
    package enum Registration {
        package static let register = "/v1beta1.Registration/Register"
    }

    /// Paths of the methods that the kubelet calls on the plugin.
    package enum DevicePlugin {
        package static let getDevicePluginOptions = "/v1beta1.DevicePlugin/GetDevicePluginOptions"
        /// Answers with a stream of ``ListAndWatchResponse``.
        package static let listAndWatch = "/v1beta1.DevicePlugin/ListAndWatch"
        package static let getPreferredAllocation = "/v1beta1.DevicePlugin/GetPreferredAllocation"
        package static let allocate = "/v1beta1.DevicePlugin/Allocate"
        package static let preStartContainer = "/v1beta1.DevicePlugin/PreStartContainer"
    }
}

extension DevicePluginV1Beta1 {
    /// A message without fields.
    package struct Empty: ProtobufMessage {
        package init() {}

        package mutating func merge(_ field: Field) {}

        package func write(to writer: inout MessageWriter) {}
    }

    /// Which of the optional methods the kubelet should call.
    package struct DevicePluginOptions: ProtobufMessage {
        package var isPreStartRequired: Bool = false
        /// Since Kubernetes 1.19.
        package var isPreferredAllocationAvailable: Bool = false

        package init() {}

        package init(isPreStartRequired: Bool, isPreferredAllocationAvailable: Bool = false) {
            self.isPreStartRequired = isPreStartRequired
            self.isPreferredAllocationAvailable = isPreferredAllocationAvailable
        }

        package mutating func merge(_ field: Field) {
            switch field.number {
            case 1: field.read(into: &isPreStartRequired)
            case 2: field.read(into: &isPreferredAllocationAvailable)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, isPreStartRequired)
            writer.write(2, isPreferredAllocationAvailable)
        }
    }

    /// The plugin makes itself known for one resource.
    package struct RegisterRequest: ProtobufMessage {
        package var version: String = ""
        /// The bare file name of the socket in the kubelet's directory; a path would escape from it.
        package var endpoint: String = ""
        package var resourceName: String = ""
        /// Read by kubelets up to 1.24; later ones ask the plugin instead.
        package var options: DevicePluginOptions?

        package init() {}

        package init(
            version: String,
            endpoint: String = "",
            resourceName: String = "",
            options: DevicePluginOptions? = nil
        ) {
            self.version = version
            self.endpoint = endpoint
            self.resourceName = resourceName
            self.options = options
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &version)
            case 2: try field.read(into: &endpoint)
            case 3: try field.read(into: &resourceName)
            case 4: try field.read(into: &options)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, version)
            writer.write(2, endpoint)
            writer.write(3, resourceName)
            writer.write(4, options)
        }
    }

    /// The whole list of devices; it replaces the one before.
    package struct ListAndWatchResponse: ProtobufMessage {
        package var devices: [Device] = []

        package init() {}

        package init(devices: [Device]) {
            self.devices = devices
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.append(to: &devices)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, devices)
        }
    }

    /// A device as the kubelet counts it.
    package struct Device: ProtobufMessage {
        /// No PCI number: the kubelet's name for the device, unique within its resource.
        package var id: String = ""
        package var health: String = ""
        /// Absent if nothing is known about NUMA.
        package var topology: TopologyInfo?

        package init() {}

        package init(id: String, health: String = "", topology: TopologyInfo? = nil) {
            self.id = id
            self.health = health
            self.topology = topology
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &id)
            case 2: try field.read(into: &health)
            case 3: try field.read(into: &topology)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, id)
            writer.write(2, health)
            writer.write(3, topology)
        }
    }
}
