package import JSON

/// One interface of a container: which network it belongs to, and everything its deletion needs.
package struct AttachmentRecord: Equatable, Sendable {
    /// Who makes the interface.
    package enum Kind: Equatable, Sendable {
        /// A CNI plugin run as a child.
        case delegate
        /// This program: a hardware function moved into the namespace.
        case function(FunctionRecord)
    }

    /// Unique within the journal.
    package var id: Int
    /// What the pod asked for: "namespace/network attachment definition", or the CNI network's name.
    package var network: String
    /// The `name` of the CNI configuration.
    package var networkName: String
    /// `CNI_IFNAME`.
    package var interfaceName: String
    /// Of the configuration.
    package var cniVersion: String
    /// The text of the network configuration, single or list, byte for byte as it was received.
    package var configuration: String
    /// The pool the device was taken from, "vendor.com/pool".
    package var resourceName: String?
    /// The device as kubelet knows it; a PCI address for a VF.
    package var deviceID: String?
    /// The capability arguments that were handed over.
    package var runtimeConfig: JSONObject?
    /// The `CNI_ARGS` that were handed over.
    package var cniArguments: String?
    /// The `CNI_IFNAME` of the meta-plugin's call that made it, since a container may have several; `nil` for the `sriov` role.
    package var call: String?
    /// The attachment's id in the daemon's plan.
    package var planID: String?
    /// Whether it is the pod's default network.
    package var isDefault: Bool
    /// Why the record stayed when its deletion was answered with success.
    package var remains: String?
    /// Who makes it.
    package var kind: Kind
    /// What was answered to the ADD; `nil` as long as it was not answered, which is how an unfinished one is known.
    package var result: JSONValue?
    /// Members this release does not know.
    package var others: JSONObject

    package init(
        id: Int,
        network: String,
        networkName: String,
        interfaceName: String,
        cniVersion: String,
        configuration: String,
        resourceName: String? = nil,
        deviceID: String? = nil,
        runtimeConfig: JSONObject? = nil,
        cniArguments: String? = nil,
        call: String? = nil,
        planID: String? = nil,
        isDefault: Bool = false,
        remains: String? = nil,
        kind: Kind,
        result: JSONValue? = nil,
        others: JSONObject = JSONObject()
    ) {
        self.id = id
        self.network = network
        self.networkName = networkName
        self.interfaceName = interfaceName
        self.cniVersion = cniVersion
        self.configuration = configuration
        self.resourceName = resourceName
        self.deviceID = deviceID
        self.runtimeConfig = runtimeConfig
        self.cniArguments = cniArguments
        self.call = call
        self.planID = planID
        self.isDefault = isDefault
        self.remains = remains
        self.kind = kind
        self.result = result
        self.others = others
    }

    /// The hardware function, if this is one.
    package var function: FunctionRecord? {
        if case .function(let function) = kind { function } else { nil }
    }
}
