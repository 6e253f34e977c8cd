import Addresses
package import CNI
package import JSON

/// What one attachment has become, as the pod's annotation `k8s.v1.cni.cncf.io/network-status` tells it.
///
///     {"name":"default/macvlan","interface":"net1","ips":["192.168.1.200"],"mac":"06:3d:…","dns":{}}
///
/// Addresses are written without prefix length and `gateway` is there though the standard knows neither habit: it is what
/// the incumbent's readers parse.
///
/// - SeeAlso: Kubernetes Network Custom Resource Definition De-facto Standard 1.3 §5
package struct NetworkStatus: Sendable, Equatable {
    package static let annotation = "k8s.v1.cni.cncf.io/network-status"

    /// `namespace/name` of the object, or the CNI network's name.
    package var network: String
    /// Its name in the pod as it was asked for.
    package var interfaceName: String
    package var isDefault: Bool
    /// `nil` if the delegate printed none.
    package var result: CNIResult?
    package var device: DeviceInformation?

    package init(
        network: String,
        interfaceName: String,
        isDefault: Bool = false,
        result: CNIResult?,
        device: DeviceInformation? = nil
    ) {
        self.network = network
        self.interfaceName = interfaceName
        self.isDefault = isDefault
        self.result = result
        self.device = device
    }

    /// The annotation's value: one entry an attachment, in their order.
    package static func text(_ statuses: [NetworkStatus]) -> String {
        let bytes = JSONValue.array(statuses.map { .object($0.json) }).serializedForReading()
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    /// The entry, its members in the incumbent's order.
    package var json: JSONObject {
        var entry: JSONObject = ["name": .string(network)]
        let result = result ?? CNIResult()
        let index = Self.interface(of: result, named: interfaceName)
        let interface = index.map { result.interfaces[$0] }
        entry["interface"] = .string(interface?.name ?? interfaceName)
        let ips = result.ips.filter { index == nil || $0.interface == nil || $0.interface == index }
        if !ips.isEmpty { entry["ips"] = .array(ips.map { .string($0.address.address.description) }) }
        if let mac = interface?.mac, !mac.isEmpty { entry["mac"] = .string(mac) }
        if let mtu = interface?.mtu, mtu > 0 { entry["mtu"] = .number(JSONNumber(mtu)) }
        if isDefault { entry["default"] = true }
        entry["dns"] = .object(result.dns.json)
        if let device { entry["device-info"] = .object(device.json) }
        let gateways = result.routes.filter(\.destination.isDefault).compactMap(\.gateway?.description)
        if !gateways.isEmpty { entry["gateway"] = .array(gateways.map(JSONValue.string)) }
        return entry
    }

    /// The interface in the pod: the one with the name that was asked for, else the first that has a sandbox.
    private static func interface(of result: CNIResult, named name: String) -> Int? {
        let inPod = result.interfaces.indices.filter { !result.interfaces[$0].sandbox.isEmpty }
        return inPod.first { result.interfaces[$0].name == name } ?? inPod.first
    }
}

/// What stands behind an interface, for programs in the pod that need the device itself.
///
/// - SeeAlso: Device Information Specification 1.1.0, type `pci`
package struct DeviceInformation: Sendable, Equatable {
    /// `0000:01:10.0`.
    package var address: String
    /// The address of its physical function, if it is a virtual one.
    package var physicalFunction: String?

    package init(address: String, physicalFunction: String? = nil) {
        self.address = address
        self.physicalFunction = physicalFunction
    }

    /// The object of the specification, `{"type":"pci","version":"1.1.0","pci":{"pci-address":"0000:01:10.0",…}}`.
    package var json: JSONObject {
        var pci: JSONObject = ["pci-address": .string(address)]
        pci["pf-pci-address"] = physicalFunction.map(JSONValue.string)
        return ["type": "pci", "version": "1.1.0", "pci": .object(pci)]
    }
}
