package import Addresses
package import JSON

/// One element of a pod's network annotation: which network, and what is asked of it.
///
/// - SeeAlso: Kubernetes Network Custom Resource Definition De-facto Standard 1.3 §4.1
package struct NetworkRequest: Sendable, Equatable {
    /// Names the networks to attach besides the default one.
    package static let networksAnnotation = "k8s.v1.cni.cncf.io/networks"
    /// Names the one network to attach instead of the cluster's default one; the incumbent's, not the standard's.
    package static let defaultNetworkAnnotation = "v1.multus-cni.io/default-network"

    /// Where it stands, for errors: `k8s.v1.cni.cncf.io/networks[1]`.
    package var place: String
    package var namespace: String
    package var name: String
    /// `nil` leaves it to ``assignInterfaceNames(to:defaultInterface:)``.
    package var interfaceName: String?
    /// Addresses as they were written, with or without a prefix length.
    package var ips: [String]
    package var mac: MACAddress?
    /// The lower 8 bytes of the InfiniBand address as they were written.
    package var infinibandGUID: String?
    /// To be laid over `args.cni` of the network's plugins.
    package var cniArguments: JSONObject
    package var portMappings: [PortMapping]
    package var bandwidth: Bandwidth?
    /// Gateways; `nil` if the key was not given, empty if an empty list was: the network keeps the route of its own IPAM.
    package var defaultRoute: [IPAddress]?
    /// The name of an IPAMClaim, which a delegate that knows it honours.
    package var ipamClaim: String?
    /// The incumbent's private key: a device by name, for networks that name no resource.
    package var deviceID: String?

    package init(place: String, namespace: String, name: String, interfaceName: String? = nil) {
        self.place = place
        self.namespace = namespace
        self.name = name
        self.interfaceName = interfaceName
        self.ips = []
        self.cniArguments = [:]
        self.portMappings = []
    }

    /// `namespace/name` of the network.
    package var network: String { "\(namespace)/\(name)" }

    /// One port of the host that leads to one of the pod.
    package struct PortMapping: Sendable, Equatable {
        /// From 1 to 65535.
        package var hostPort: Int
        /// From 1 to 65535.
        package var containerPort: Int
        /// `tcp`, `udp` or `sctp`.
        package var transport: String
        /// Only connections to this address of the host; `nil` for all.
        package var hostIP: IPAddress?
    }

    /// Limits of what goes in and out; rates in bits a second, bursts in bits.
    ///
    /// The reference `bandwidth` plugin wants a burst with each rate. One that was not given is a second's worth, at
    /// most ``largestBurst``; the standard leaves the choice to us.
    package struct Bandwidth: Sendable, Equatable {
        package var ingressRate: Int?
        package var ingressBurst: Int?
        package var egressRate: Int?
        package var egressBurst: Int?

        /// What kubelet gives as burst: 2^31 - 1 bits.
        static let largestBurst = 2_147_483_647
    }
}

extension NetworkRequest {
    /// What is to be offered as `runtimeConfig`, by capability.
    ///
    /// - SeeAlso: CNI conventions, "Dynamic plugin specific fields"
    package var capabilityArguments: JSONObject {
        var arguments = JSONObject()
        if let mac { arguments["mac"] = .string(mac.description) }
        if !ips.isEmpty { arguments["ips"] = .array(ips.map(JSONValue.string)) }
        if !portMappings.isEmpty { arguments["portMappings"] = .array(portMappings.map(\.json)) }
        if let bandwidth { arguments["bandwidth"] = bandwidth.json }
        if let infinibandGUID { arguments["infinibandGUID"] = .string(infinibandGUID) }
        return arguments
    }

    /// The older way to hand over a MAC and an address, `MAC=` and `IP=` of `CNI_ARGS`, for plugins that know no other.
    ///
    /// `IP` only for a single address: the reference `host-local` fails on more.
    package var environmentArguments: [(name: String, value: String)] {
        var arguments: [(name: String, value: String)] = []
        if let mac { arguments.append(("MAC", mac.description)) }
        if let ip = ips.first, ips.count == 1 { arguments.append(("IP", ip)) }
        return arguments
    }
}

extension NetworkRequest.PortMapping {
    var json: JSONValue {
        var object: JSONObject = [
            "hostPort": .number(JSONNumber(hostPort)), "containerPort": .number(JSONNumber(containerPort)),
            "protocol": .string(transport),
        ]
        object["hostIP"] = hostIP.map { .string($0.description) }
        return .object(object)
    }
}

extension NetworkRequest.Bandwidth {
    var json: JSONValue {
        var object = JSONObject()
        for (name, rate, burst) in [("ingress", ingressRate, ingressBurst), ("egress", egressRate, egressBurst)] {
            guard let rate else { continue }
            object["\(name)Rate"] = .number(JSONNumber(rate))
            object["\(name)Burst"] = .number(JSONNumber(burst ?? min(rate, Self.largestBurst)))
        }
        return .object(object)
    }
}
