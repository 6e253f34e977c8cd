package import JSON

/// What `patchbayd` answers, or why it cannot.
package enum NodeAnswer: Sendable, Equatable {
    case plan(AttachmentPlan)
    /// The report is kept; `isPublished` tells whether the pod's status already shows it.
    case reported(isPublished: Bool)
    case pools([PoolStatus])
    case attachments([AttachmentReport])
    case failure(NodeFailure)
}

/// A request that was refused or failed, in the terms of a CNI error.
///
/// - SeeAlso: CNI 1.1.0, "Error"
package struct NodeFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// A CNI error code: 7 is a network configuration at fault, 11 asks to try again later.
    package var code: Int
    package var message: String
    package var details: String

    package init(code: Int, message: String, details: String = "") {
        self.code = code
        self.message = message
        self.details = details
    }

    package var description: String { details.isEmpty ? message : "\(message): \(details)" }

    /// CNI's code for a network configuration (or annotation) at fault.
    package static let invalidNetworkConfiguration = 7
    /// CNI's code for "try again later".
    package static let tryAgainLater = 11
    /// Ours: the request is malformed or of a kind this release does not know.
    package static let badRequest = 101
}

/// How one pod is to be attached.
package struct AttachmentPlan: Sendable, Equatable {
    /// Which object the plan was made from; the owner of the devices in it.
    package var podUID: String
    /// What to run instead of the cluster's default network, if the pod's annotation asks for it.
    package var defaultNetwork: PlannedAttachment?
    /// In the order of attaching; empty for a pod that asks for nothing.
    package var attachments: [PlannedAttachment]

    package init(podUID: String, defaultNetwork: PlannedAttachment? = nil, attachments: [PlannedAttachment] = []) {
        self.podUID = podUID
        self.defaultNetwork = defaultNetwork
        self.attachments = attachments
    }
}

/// One attachment to make.
package struct PlannedAttachment: Sendable, Equatable {
    /// The same whenever the same pod asks for the same network under the same interface name: `default/macvlan@net1`.
    package var id: String
    /// `namespace/name` of the NetworkAttachmentDefinition.
    package var network: String
    /// The name in the CNI configuration, which keys IPAM state and result caches.
    package var networkName: String
    package var interfaceName: String
    /// The configuration's `cniVersion`; empty if it names none.
    package var cniVersion: String
    /// The text of a configuration (`type`) or a list (`plugins`) to be given to delegates byte for byte.
    ///
    /// Name, device ids and `cni-args` are in it already.
    package var configuration: String
    /// The extended resource whose device this network uses.
    package var resourceName: String?
    /// The device, as kubelet names it: for a PCI function its address.
    package var deviceID: String?
    /// What to offer as `runtimeConfig` to plugins that declare the capability, by capability name: `mac`, `ips`,
    /// `portMappings`, `bandwidth`, `infinibandGUID`, `deviceID`.
    package var capabilityArguments: JSONObject
    /// What to append to `CNI_ARGS` on ADD for plugins that know no capabilities: `MAC`, `IP`.
    package var environmentArguments: [EnvironmentArgument]
    /// The gateways asked for with `default-route`; `nil` if the key was not given, empty if the list was.
    package var defaultRoute: [String]?

    package init(
        id: String,
        network: String,
        networkName: String,
        interfaceName: String,
        cniVersion: String,
        configuration: String,
        resourceName: String? = nil,
        deviceID: String? = nil,
        capabilityArguments: JSONObject = [:],
        environmentArguments: [EnvironmentArgument] = [],
        defaultRoute: [String]? = nil
    ) {
        self.id = id
        self.network = network
        self.networkName = networkName
        self.interfaceName = interfaceName
        self.cniVersion = cniVersion
        self.configuration = configuration
        self.resourceName = resourceName
        self.deviceID = deviceID
        self.capabilityArguments = capabilityArguments
        self.environmentArguments = environmentArguments
        self.defaultRoute = defaultRoute
    }
}

/// One `KEY=value` of `CNI_ARGS`.
package struct EnvironmentArgument: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
