package import Protobuf

/// The other way to register: the kubelet finds a socket in its `plugins_registry` and asks who is there.
///
/// - SeeAlso: pluginregistration v1, Kubernetes 1.36
package enum PluginRegistrationV1 {
    /// ``PluginInfo/type`` of a device plugin.
    package static let devicePluginType = "DevicePlugin"

    /// Paths of the methods that the kubelet calls on the plugin.
    package enum Registration {
        package static let getInfo = "/pluginregistration.Registration/GetInfo"
        package static let notifyRegistrationStatus = "/pluginregistration.Registration/NotifyRegistrationStatus"
    }
}

extension PluginRegistrationV1 {
    /// A message without fields.
    package struct InfoRequest: ProtobufMessage {
        package init() {}

        package mutating func merge(_ field: Field) {}

        package func write(to writer: inout MessageWriter) {}
    }

    /// Who the plugin is.
    package struct PluginInfo: ProtobufMessage {
        package var type: String = ""
        /// The resource name.
        package var name: String = ""
        /// Absolute; empty means the socket this was asked on.
        package var endpoint: String = ""
        package var supportedVersions: [String] = []

        package init() {}

        package init(type: String, name: String = "", endpoint: String = "", supportedVersions: [String] = []) {
            self.type = type
            self.name = name
            self.endpoint = endpoint
            self.supportedVersions = supportedVersions
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: try field.read(into: &type)
            case 2: try field.read(into: &name)
            case 3: try field.read(into: &endpoint)
            case 4: try field.append(to: &supportedVersions)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, type)
            writer.write(2, name)
            writer.write(3, endpoint)
            writer.write(4, supportedVersions)
        }
    }

    /// What became of the registration.
    package struct RegistrationStatus: ProtobufMessage {
        package var isPluginRegistered: Bool = false
        package var error: String = ""

        package init() {}

        package init(isPluginRegistered: Bool, error: String = "") {
            self.isPluginRegistered = isPluginRegistered
            self.error = error
        }

        package mutating func merge(_ field: Field) throws(ProtobufError) {
            switch field.number {
            case 1: field.read(into: &isPluginRegistered)
            case 2: try field.read(into: &error)
            default: break
            }
        }

        package func write(to writer: inout MessageWriter) {
            writer.write(1, isPluginRegistered)
            writer.write(2, error)
        }
    }

    /// A message without fields.
    package struct RegistrationStatusResponse: ProtobufMessage {
        package init() {}

        package mutating func merge(_ field: Field) {}

        package func write(to writer: inout MessageWriter) {}
    }
}
