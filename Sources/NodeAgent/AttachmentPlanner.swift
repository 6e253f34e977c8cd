import Addresses
import CNI
import JSON
package import KubernetesAPI
import NetworkSelection
package import NodeProtocol

/// Makes the plan of one pod's attachments from what is known; asks nobody.
package struct AttachmentPlanner: Sendable {
    /// The pod, for sentences: `default/samplepod`.
    package var pod: String
    package var podUID: String
    /// What the runtime calls the default network's interface.
    package var interfaceName: String
    package var wish: NetworkWish
    /// By `namespace/name`; every network of the wish.
    package var networks: [String: NetworkAttachmentDefinition]
    /// What kubelet gave the pod.
    package var devices: AllocatedDevices
    /// Devices that kubelet deals out, which no annotation may take by name.
    package var advertisedDevices: Set<String>

    package init(
        pod: String,
        podUID: String,
        interfaceName: String,
        wish: NetworkWish,
        networks: [String: NetworkAttachmentDefinition],
        devices: AllocatedDevices = AllocatedDevices(),
        advertisedDevices: Set<String> = []
    ) {
        self.pod = pod
        self.podUID = podUID
        self.interfaceName = interfaceName
        self.wish = wish
        self.networks = networks
        self.devices = devices
        self.advertisedDevices = advertisedDevices
    }

    /// The plan: each network in order with its configuration, interface and device, no device twice.
    ///
    /// - Throws: ``NodeFailure`` of CNI code 7, because trying again would not help.
    package func plan() throws(NodeFailure) -> AttachmentPlan {
        do throws(SelectionError) {
            let names = try assignInterfaceNames(to: wish.networks, defaultInterface: interfaceName)
            var taken: [String: Int] = [:]
            var plan = AttachmentPlan(podUID: podUID)
            if let request = wish.defaultNetwork {
                plan.defaultNetwork = try attachment(request, interfaceName, &taken)
            }
            for (request, name) in zip(wish.networks, names) {
                plan.attachments.append(try attachment(request, name, &taken))
            }
            return plan
        } catch {
            throw NodeFailure(error)
        }
    }

    private func attachment(
        _ request: NetworkRequest,
        _ interfaceName: String,
        _ taken: inout [String: Int]
    ) throws(SelectionError) -> PlannedAttachment {
        guard let network = networks[request.network] else {
            throw SelectionError(request.place, "network \(request.network) is not defined")
        }
        guard let text = network.configuration else {
            throw SelectionError(
                "network \(request.network)",
                "has no spec.config; configurations in files of the node are not read by this release"
            )
        }
        let deviceID = try device(for: request, of: network, &taken)
        let configuration = try DelegateConfiguration(text, of: network.metadata, for: request, deviceID: deviceID)
        var arguments = request.capabilityArguments
        if let deviceID { arguments["deviceID"] = .string(deviceID) }
        return PlannedAttachment(
            id: "\(request.network)@\(interfaceName)",
            network: request.network,
            networkName: configuration.list.name,
            interfaceName: interfaceName,
            cniVersion: configuration.version,
            configuration: configuration.text,
            resourceName: network.resourceName,
            deviceID: deviceID,
            capabilityArguments: arguments,
            environmentArguments: request.environmentArguments.map { EnvironmentArgument($0.name, $0.value) },
            defaultRoute: request.defaultRoute?.map(\.description)
        )
    }

    /// The next device of the network's resource; without a resource the one the annotation names, if any.
    private func device(
        for request: NetworkRequest,
        of network: NetworkAttachmentDefinition,
        _ taken: inout [String: Int]
    ) throws(SelectionError) -> String? {
        guard let resource = network.resourceName else {
            guard let named = request.deviceID, advertisedDevices.contains(named) else { return request.deviceID }
            throw SelectionError(
                "\(request.place).deviceID",
                "\(named) is dealt out by kubelet; give network \(request.network) the annotation"
                    + " \(NetworkAttachmentDefinition.resourceNameAnnotation) and request the resource"
            )
        }
        let ids = devices[resource]
        let next = taken[resource, default: 0]
        taken[resource] = next + 1
        guard next < ids.count else {
            throw SelectionError(
                request.place,
                "network \(request.network) needs a device of \(resource), number \(next + 1) of this pod, but kubelet gave"
                    + " pod \(pod) \(devices.summary); request \(resource) once for each network that uses it"
            )
        }
        return ids[next]
    }
}
