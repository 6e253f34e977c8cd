package import CNI
package import JSON
import NodeProtocol

/// What the meta-plugin itself is told on standard input.
///
///     {"cniVersion":"1.0.0","name":"patchbay","type":"patchbay",
///      "capabilities":{"io.kubernetes.cri.pod-annotations":true,"portMappings":true},
///      "clusterNetwork":"/etc/cni/net.d/10-primary.conflist"}
///
/// The keys that mean something on the host are named as in the incumbent's configuration; its other keys (kubeconfig,
/// logging, readiness) are passed over.
package struct MetaConfiguration: Sendable, Equatable {
    /// Where the default network's configuration is.
    package enum DefaultNetwork: Sendable, Equatable {
        /// In our own configuration: element 0 of `delegates`.
        case inlined(JSONValue)
        /// `clusterNetwork`: a file, a directory, or the name of a configuration in ``MetaConfiguration/folder``.
        case reference(String)
    }

    /// Of the network that is this configuration.
    package var name: String
    package var version: CNIVersion
    /// The name we are called by, which no delegate may have.
    package var type: String
    package var defaultNetwork: DefaultNetwork
    /// Searched before the directories of `CNI_PATH`.
    package var programFolder: String
    /// Where configurations are looked up by name (`confDir`).
    package var folder: String
    /// What the runtime hands over; it goes to the default network only (N54).
    package var runtimeConfig: JSONObject
    /// The pod's annotations; `nil` if the runtime did not hand them over.
    package var annotations: [String: String]?
    /// Whether every pod gets more than the default network (`defaultNetworks`).
    package var addsNetworksToEveryPod: Bool
    package var socketPath: String
    package var stateFolder: String
    /// How long the daemon is waited for.
    package var daemonSeconds: UInt64
    /// How long attaching, or detaching, may take in all.
    package var workSeconds: UInt64
    /// How long undoing a failed ADD may take after that.
    package var rollbackSeconds: UInt64

    /// The capability by which the runtime hands over the pod's annotations.
    package static let annotationsCapability = "io.kubernetes.cri.pod-annotations"

    /// Reads the configuration; unknown keys are passed over.
    ///
    /// - Throws: ``CNIError`` code 7 naming everything that is wrong, code 1 for a version not spoken here.
    package init(_ value: JSONValue) throws(CNIError) {
        self.version = try CNIVersion.declared(in: value)
        var fields = JSONFields(value)
        fields.require("name")
        fields.require("type")
        self.name = fields.string("name") ?? ""
        self.type = fields.string("type") ?? ""
        self.defaultNetwork = Self.defaultNetwork(&fields)
        self.programFolder = fields.string("binDir") ?? "/opt/cni/bin"
        self.folder = fields.string("confDir") ?? "/etc/cni/multus/net.d"
        self.runtimeConfig = fields.object("runtimeConfig") ?? JSONObject()
        self.annotations = Self.annotations(of: runtimeConfig, &fields)
        self.addsNetworksToEveryPod = fields.array("defaultNetworks")?.isEmpty == false
        self.socketPath = fields.string("daemonSocket") ?? NodeWire.socketPath
        self.stateFolder = fields.string("stateDirectory") ?? "/var/lib/patchbay"
        // The runtimes end an operation after two to four minutes; ours must have been undone by then.
        self.daemonSeconds = UInt64(fields.int("daemonTimeoutSeconds", in: 1...60) ?? 10)
        self.workSeconds = UInt64(fields.int("timeoutSeconds", in: 1...600) ?? 60)
        self.rollbackSeconds = UInt64(fields.int("rollbackTimeoutSeconds", in: 1...600) ?? 30)
        guard fields.problems.isEmpty else {
            throw CNIError(
                .invalidConfiguration,
                "invalid configuration: \(fields.problems.map(\.description).joined(separator: "; "))"
            )
        }
    }

    private static func defaultNetwork(_ fields: inout JSONFields) -> DefaultNetwork {
        // As in the incumbent: with a cluster network the inlined ones are passed over.
        if let reference = fields.string("clusterNetwork"), !reference.isEmpty { return .reference(reference) }
        let inlined = fields.array("delegates") ?? []
        guard let first = inlined.first else {
            fields.report("", "neither clusterNetwork nor delegates names a default network")
            return .reference("")
        }
        if inlined.count > 1 {
            fields.report("delegates", "\(inlined.count) elements: only the default network is given here")
        }
        return .inlined(first)
    }

    private static func annotations(of runtimeConfig: JSONObject, _ fields: inout JSONFields) -> [String: String]? {
        guard let value = runtimeConfig[annotationsCapability], value != .null else { return nil }
        guard let members = value.object?.members else {
            fields.report("runtimeConfig.\(annotationsCapability)", "expected an object, found \(value.kind)")
            return nil
        }
        var annotations: [String: String] = [:]
        for (key, value) in members {
            guard let text = value.string else {
                fields.report("runtimeConfig.\(annotationsCapability).\(key)", "expected a string, found \(value.kind)")
                continue
            }
            annotations[key] = text
        }
        return annotations
    }
}

extension MetaConfiguration {
    /// Whether it is certain, without asking the daemon, that the pod gets the default network and nothing else.
    ///
    /// Unknown annotations count as asking for more: a pod must never start without what it asked for.
    package var isDefaultNetworkEnough: Bool {
        guard !addsNetworksToEveryPod, let annotations else { return false }
        return ["k8s.v1.cni.cncf.io/networks", "v1.multus-cni.io/default-network"].allSatisfy { key in
            Self.asksForNothing(annotations[key] ?? "")
        }
    }

    /// An empty list is legal and asks for nothing (N14).
    private static func asksForNothing(_ annotation: String) -> Bool {
        let text = annotation.filter { !$0.isWhitespace }
        return text.isEmpty || text == "[]"
    }

    /// The directories that programs are looked for in.
    package func searchPath(_ invocation: CNIInvocation) -> [String] {
        [programFolder] + invocation.pluginPath.filter { $0 != programFolder }
    }

    /// Refuses a network that would call us again, and again.
    ///
    /// - Throws: ``CNIError`` code 7.
    package func refuseItself(in network: NetworkConfigurationList) throws(CNIError) {
        let ours: Set<String> = [type, "patchbay", "patchbay-cni"]
        guard let plugin = network.plugins.first(where: { ours.contains($0.type) }) else { return }
        throw CNIError(
            .invalidConfiguration,
            "network \"\(network.name)\" delegates to \"\(plugin.type)\", which is this plugin itself"
        )
    }
}
