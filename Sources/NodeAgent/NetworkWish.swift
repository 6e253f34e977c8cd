import JSON
import KubernetesAPI
package import NetworkSelection
package import NodeProtocol

/// What a node's operator allows and adds to what pods ask for.
package struct SelectionPolicy: Sendable, Equatable {
    /// Whether a pod may only use networks of its own namespace and of ``globalNamespaces``.
    package var isolatesNamespaces: Bool
    /// Whose networks everybody may use.
    package var globalNamespaces: Set<String>
    /// Where the network of the default-network annotation is looked for if it names no namespace.
    package var defaultNetworkNamespace: String

    package init(
        isolatesNamespaces: Bool = false,
        globalNamespaces: Set<String> = ["default"],
        defaultNetworkNamespace: String = "kube-system"
    ) {
        self.isolatesNamespaces = isolatesNamespaces
        self.globalNamespaces = globalNamespaces
        self.defaultNetworkNamespace = defaultNetworkNamespace
    }
}

/// The networks a pod asks for, before anything is known of them.
package struct NetworkWish: Sendable, Equatable {
    /// Instead of the cluster's default network; `nil` leaves that.
    package var defaultNetwork: NetworkRequest?
    /// In the order of the annotation.
    package var networks: [NetworkRequest]

    /// Reads a pod's annotations.
    ///
    /// - Throws: ``NodeFailure`` of CNI code 7 with every problem of an annotation.
    package init(
        annotations: [String: String],
        namespace: String,
        policy: SelectionPolicy
    ) throws(NodeFailure) {
        do throws(SelectionError) {
            networks = try NetworkRequest.parse(
                annotations[NetworkRequest.networksAnnotation] ?? "",
                namespace: namespace
            )
            let name = NetworkRequest.defaultNetworkAnnotation
            let defaults = try NetworkRequest.parse(
                annotations[name] ?? "",
                annotation: name,
                namespace: policy.defaultNetworkNamespace
            )
            guard defaults.count <= 1 else {
                throw SelectionError(name, "names \(defaults.count) networks where one is allowed")
            }
            defaultNetwork = defaults.first
            if policy.isolatesNamespaces { try Self.isolate(networks + defaults, namespace, policy) }
        } catch {
            throw NodeFailure(error)
        }
    }

    /// All of them, the default network first: the order in which devices are taken.
    package var all: [NetworkRequest] { (defaultNetwork.map { [$0] } ?? []) + networks }

    private static func isolate(
        _ requests: [NetworkRequest],
        _ namespace: String,
        _ policy: SelectionPolicy
    ) throws(SelectionError) {
        for request in requests
        where request.namespace != namespace && !policy.globalNamespaces.contains(request.namespace) {
            throw SelectionError(
                request.place,
                "network \(request.network) is of another namespace, and this node keeps namespaces apart"
            )
        }
    }
}

extension NodeFailure {
    /// A wish that cannot be granted as it is written.
    init(_ error: SelectionError) {
        let more = error.problems.dropFirst().map(\.description).joined(separator: "; ")
        self.init(
            code: Self.invalidNetworkConfiguration,
            message: error.problems.first?.description ?? "",
            details: more
        )
    }
}
