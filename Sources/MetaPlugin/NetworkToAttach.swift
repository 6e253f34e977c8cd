import Attachments
import CNI
import JSON
import NodeProtocol

/// One network of a pod, ready to be attached.
struct NetworkToAttach: Equatable {
    /// What the journal keeps of it.
    var record: AttachmentRecord
    var network: NetworkConfigurationList
    /// Of the plan, for the daemon; the default network's is its interface's name.
    var planID: String

    var isDefault: Bool { record.isDefault }

    /// Where an error happened, for a person: `net1 (default/data)`.
    var place: String { "\(record.interfaceName) (\(record.network))" }
}

/// Puts together what a pod gets: the default network, then what the plan says.
struct NetworkAssembly {
    let invocation: CNIInvocation
    let configuration: MetaConfiguration

    /// The networks of a pod.
    ///
    /// - Parameters:
    ///   - defaultNetwork: The node's.
    ///   - plan: The daemon's; `nil` for a pod that gets nothing else.
    ///   - firstID: Of the first record; the others follow.
    /// - Returns: In the order they are attached, the default network first.
    /// - Throws: ``CNIError`` code 7 for a configuration or a plan that cannot be carried out, with its place.
    func networks(
        _ defaultNetwork: NetworkDocument,
        plan: AttachmentPlan?,
        firstID: Int
    ) throws(CNIError) -> [NetworkToAttach] {
        var networks: [NetworkToAttach] = []
        if let replacement = plan?.defaultNetwork {
            networks.append(try planned(replacement, id: firstID, isDefault: true))
        } else {
            networks.append(standard(defaultNetwork, id: firstID))
        }
        for (offset, attachment) in (plan?.attachments ?? []).enumerated() {
            networks.append(try planned(attachment, id: firstID + 1 + offset, isDefault: false))
        }
        try refuseSharedNames(networks)
        return networks
    }

    private func standard(_ document: NetworkDocument, id: Int) -> NetworkToAttach {
        let record = AttachmentRecord(
            id: id,
            network: document.network.name,
            networkName: document.network.name,
            interfaceName: invocation.interfaceName,
            cniVersion: document.network.version.description,
            configuration: document.text,
            runtimeConfig: configuration.runtimeConfig,
            cniArguments: invocation.arguments.description,
            call: invocation.interfaceName,
            planID: invocation.interfaceName,
            isDefault: true,
            kind: .delegate
        )
        return NetworkToAttach(record: record, network: document.network, planID: invocation.interfaceName)
    }

    private func planned(_ attachment: PlannedAttachment, id: Int, isDefault: Bool) throws(CNIError) -> NetworkToAttach
    {
        let interface = isDefault ? invocation.interfaceName : attachment.interfaceName
        let place = "\(interface) (\(attachment.network))"
        do throws(CNIError) {
            try CNIInvocation.validate(interfaceName: interface)
            try refuseDefaultRoute(attachment)
            let network = try network(of: attachment)
            try configuration.refuseItself(in: network)
            let record = AttachmentRecord(
                id: id,
                network: attachment.network,
                networkName: network.name,
                interfaceName: interface,
                cniVersion: network.version.description,
                configuration: attachment.configuration,
                resourceName: attachment.resourceName,
                deviceID: attachment.deviceID,
                // What kubelet handed to us is for the default network only (N54).
                runtimeConfig: isDefault
                    ? configuration.runtimeConfig.merging(attachment.capabilityArguments)
                    : attachment.capabilityArguments,
                cniArguments: arguments(of: attachment),
                call: invocation.interfaceName,
                planID: attachment.id,
                isDefault: isDefault,
                kind: .delegate
            )
            return NetworkToAttach(record: record, network: network, planID: attachment.id)
        } catch {
            throw error.prefixed(place)
        }
    }

    private func network(of attachment: PlannedAttachment) throws(CNIError) -> NetworkConfigurationList {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: attachment.configuration)
        } catch {
            throw CNIError(.invalidConfiguration, "the network's configuration is not JSON: \(error)")
        }
        return try NetworkConfigurationList(
            value,
            fallbackName: attachment.networkName,
            fallbackVersion: configuration.version
        )
    }

    private func arguments(of attachment: PlannedAttachment) -> String {
        var arguments = invocation.arguments
        for argument in attachment.environmentArguments { arguments[argument.name] = argument.value }
        return arguments.description
    }

    /// A pod must not be left with another default route than it asked for, so what we cannot do fails.
    private func refuseDefaultRoute(_ attachment: PlannedAttachment) throws(CNIError) {
        guard attachment.defaultRoute == nil else {
            throw CNIError(.unsupportedField, "default-route is not supported by this release")
        }
    }

    private func refuseSharedNames(_ networks: [NetworkToAttach]) throws(CNIError) {
        var places: [String: String] = [:]
        for network in networks {
            if let other = places.updateValue(network.place, forKey: network.record.interfaceName) {
                throw CNIError(
                    .invalidConfiguration,
                    "\(network.place): interface \(network.record.interfaceName) is already used by \(other)"
                )
            }
        }
    }
}
