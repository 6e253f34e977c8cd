package import JSON

/// What is asked of `patchbayd` over its socket: one request a connection.
package enum NodeRequest: Sendable, Equatable {
    /// How is this pod to be attached?
    case plan(PlanRequest)
    /// This has been done; publish it. Idempotent by container ID and sequence.
    case report(AttachmentReport)
    /// Which pools are advertised, with which devices?
    case pools
    /// What has been reported and not yet deleted?
    case attachments
    /// A request that this release does not know, by its name; it is answered with an error, not dropped.
    ///
    /// `reconcile` and `inventory` are reserved.
    case unknown(String)
}

/// Asks for the plan of one pod before any of its interfaces is made.
package struct PlanRequest: Sendable, Equatable {
    /// The sandbox's ID (`CNI_CONTAINERID`).
    package var containerID: String
    /// The path of the pod's network namespace (`CNI_NETNS`).
    package var networkNamespace: String
    /// The name of the default network's interface (`CNI_IFNAME`), which no attachment may take.
    package var interfaceName: String
    package var pod: PodReference
    /// The pod's annotations as the runtime knows them; `nil` if it handed none over.
    ///
    /// Where they are given they count, so that neither a watch that lags nor a static pod without mirror matters.
    package var annotations: [String: String]?

    package init(
        containerID: String,
        networkNamespace: String,
        interfaceName: String,
        pod: PodReference,
        annotations: [String: String]? = nil
    ) {
        self.containerID = containerID
        self.networkNamespace = networkNamespace
        self.interfaceName = interfaceName
        self.pod = pod
        self.annotations = annotations
    }
}

/// Tells the daemon what a pod's interfaces have become.
package struct AttachmentReport: Sendable, Equatable {
    /// What happened to the pod's attachments.
    package enum Event: String, Sendable {
        case added
        case deleted
    }

    package var containerID: String
    /// Grows with every report of one container; a report that is not newer than the last is confirmed and changes nothing.
    package var sequence: Int
    package var event: Event
    package var pod: PodReference
    /// In the order of attaching, the default network included; empty for ``Event/deleted``.
    package var attachments: [ReportedAttachment]

    package init(
        containerID: String,
        sequence: Int,
        event: Event,
        pod: PodReference,
        attachments: [ReportedAttachment] = []
    ) {
        self.containerID = containerID
        self.sequence = sequence
        self.event = event
        self.pod = pod
        self.attachments = attachments
    }
}

/// One interface that a pod has.
package struct ReportedAttachment: Sendable, Equatable {
    /// The plan's ``PlannedAttachment/id``; for the default network its interface's name.
    package var id: String
    /// `namespace/name` of the object, or the CNI network's name for a default network from a file.
    package var network: String
    package var interfaceName: String
    /// Whether this is the cluster's default network (or what replaces it).
    package var isDefault: Bool
    /// The delegate's CNI result as it came; `nil` if it printed none.
    package var result: JSONValue?
    /// The device behind it, as kubelet names it.
    package var deviceID: String?

    package init(
        id: String,
        network: String,
        interfaceName: String,
        isDefault: Bool = false,
        result: JSONValue? = nil,
        deviceID: String? = nil
    ) {
        self.id = id
        self.network = network
        self.interfaceName = interfaceName
        self.isDefault = isDefault
        self.result = result
        self.deviceID = deviceID
    }
}
