import JSON
package import KubeletAPI
import PCI

/// What a container gets with the devices of one pool.
package struct ContainerAllocation: Sendable, Equatable {
    package var environment: [String: String]
    /// In the order of the devices, none twice.
    package var deviceNodes: [DeviceNode]

    package init(environment: [String: String] = [:], deviceNodes: [DeviceNode] = []) {
        self.environment = environment
        self.deviceNodes = deviceNodes
    }
}

/// A device node for reading and writing, and where it appears in the container.
package struct DeviceNode: Sendable, Equatable {
    package var hostPath: String
    package var containerPath: String

    package init(hostPath: String, containerPath: String) {
        self.hostPath = hostPath
        self.containerPath = containerPath
    }
}

/// Devices cannot be given to a container.
package enum AllocationError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownDevice(id: String, resource: ResourceName)
    case ill(id: String, reason: String)
    /// Without the node the container would start and find nothing to open.
    case nodeMissing(id: String, driver: String)

    package var description: String {
        switch self {
        case .unknownDevice(let id, let resource): "\(resource) has no device \(id)"
        case .ill(let id, let reason): "\(id) may not be given now: \(reason)"
        case .nodeMissing(let id, let driver): "\(id) is bound to \(driver), but the kernel shows no device node for it"
        }
    }
}

extension PoolAssignment {
    /// The variables and device nodes for a container that gets `ids`, in the order the kubelet gave them.
    ///
    /// `PCIDEVICE_<PREFIX>_<NAME>` lists the ids, the same with `_INFO` tells about each in JSON: id → provider → key → text.
    ///
    /// - Throws: ``AllocationError``, so that the pod is refused with a sentence and does not start without its device.
    /// - SeeAlso: SR-IOV network device plugin, README, "Pod device information"
    package func allocation(of ids: [String]) throws(AllocationError) -> ContainerAllocation {
        var nodes: [DeviceNode] = []
        var information = JSONObject()
        for id in ids.sorted() {
            let device = try device(id)
            information[id] = .object(device.information(additional: pool.additionalInfo))
        }
        for id in ids {
            for node in try device(id).deviceNodes() where !nodes.contains(where: { $0.hostPath == node.hostPath }) {
                nodes.append(node)
            }
        }
        let text = String(decoding: JSONValue.object(information).serialized(), as: UTF8.self)
        return ContainerAllocation(
            environment: [
                pool.environmentKey: ids.joined(separator: ","),
                pool.environmentKey + "_INFO": text,
            ],
            deviceNodes: nodes
        )
    }

    private func device(_ id: String) throws(AllocationError) -> PoolDevice {
        guard let device = devices.first(where: { $0.id == id }) else {
            throw .unknownDevice(id: id, resource: pool.resource)
        }
        if let ailment = device.ailment { throw .ill(id: id, reason: ailment) }
        return device
    }
}

extension PoolDevice {
    /// The nodes through which a process drives the function itself; none if a kernel driver does.
    func deviceNodes() throws(AllocationError) -> [DeviceNode] {
        switch UserspaceDriver(function) {
        case nil: return []
        case .vfio(let group?)?:
            let name = "\(group.isWithoutIOMMU ? "noiommu-" : "")\(group.number)"
            return [
                DeviceNode(hostPath: vfioControl, containerPath: vfioControl),
                DeviceNode(hostPath: "/dev/vfio/\(name)", containerPath: "/dev/vfio/\(group.number)"),
            ]
        case .uio(let name?)?: return [DeviceNode(hostPath: "/dev/\(name)", containerPath: "/dev/\(name)")]
        case .vfio(nil)?, .uio(nil)?: throw .nodeMissing(id: id, driver: function.driver ?? "")
        }
    }

    /// What the container is told about the device: provider → key → text, each in the order of its name.
    func information(additional: [String: [String: String]]) -> JSONObject {
        var providers = JSONObject()
        let extra = (additional["*"] ?? [:]).merging(additional[id] ?? [:], uniquingKeysWith: { $1 })
        if !extra.isEmpty { providers["extra"] = object(extra) }
        providers["generic"] = ["deviceID": .string(id)]
        switch UserspaceDriver(function) {
        case .vfio(let group):
            let groupPath = group.map { ["dev-mount": "/dev/vfio/\($0.number)"] } ?? [:]
            providers["vfio"] = object(["mount": vfioControl].merging(groupPath, uniquingKeysWith: { $1 }))
        case .uio(let name): providers["uio"] = object(name.map { ["mount": "/dev/\($0)"] } ?? [:])
        case nil: break
        }
        return providers
    }

    private func object(_ texts: [String: String]) -> JSONValue {
        var object = JSONObject()
        for (key, text) in texts.sorted(by: { $0.key < $1.key }) { object[key] = .string(text) }
        return .object(object)
    }
}

/// The drivers that hand a function to a process, with what the kernel says of its node.
private enum UserspaceDriver {
    case vfio(IOMMUGroup?)
    case uio(String?)

    init?(_ function: PCIFunction) {
        switch function.driver {
        case "vfio-pci": self = .vfio(function.iommuGroup)
        case "uio", "igb_uio", "uio_pci_generic": self = .uio(function.uioName)
        default: return nil
        }
    }
}

/// The node on which a process makes a vfio container, the same for every group.
private let vfioControl = "/dev/vfio/vfio"
