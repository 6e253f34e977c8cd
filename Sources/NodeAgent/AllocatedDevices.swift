package import KubeletAPI

/// The devices that kubelet gave to one pod, by resource, in the order in which networks take them.
///
/// The order is that of the containers; within one container kubelet tells none, so ids are sorted. A device that is
/// listed for several NUMA nodes or handed on from one container to the next counts once.
package struct AllocatedDevices: Sendable, Equatable {
    private var ids: [String: [String]] = [:]

    package init() {}

    /// Puts together what pod-resources says about one pod.
    package init(_ pod: PodResourcesV1.PodResources) {
        for container in pod.containers {
            var own: [String: Set<String>] = [:]
            for devices in container.devices { own[devices.resourceName, default: []].formUnion(devices.deviceIDs) }
            for (resource, devices) in own {
                let known = ids[resource] ?? []
                ids[resource] = known + devices.subtracting(known).sorted()
            }
        }
    }

    /// The ids of one resource in order; empty if the pod has none.
    package subscript(resource: String) -> [String] { ids[resource] ?? [] }

    /// Every id of every resource.
    package var all: Set<String> { Set(ids.values.joined()) }

    /// For a sentence: `x.io/vf: 0000:01:10.0, 0000:01:10.2; y.io/z: 7`, or `no device at all`.
    package var summary: String {
        guard !ids.isEmpty else { return "no device at all" }
        return ids.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.joined(separator: ", "))" }
            .joined(separator: "; ")
    }
}

/// Which of the pods that kubelet lists is meant; kubelet's list has names and no UIDs.
package enum DeviceLookup: Sendable, Equatable {
    case found(AllocatedDevices)
    /// Kubelet does not list the pod (yet).
    case absent
    /// Several pods of the name are listed, and nothing tells which one is meant; the sentence says what was tried.
    case ambiguous(String)

    /// Looks for a pod in kubelet's list.
    ///
    /// A list before Kubernetes 1.34 has pods that ended, so a name can be there twice. Then who owns a device by another
    /// pod's record is not meant, and kubelet's checkpoint, which knows UIDs, decides between the rest.
    ///
    /// - Parameters:
    ///   - namespace: The pod's.
    ///   - name: The pod's.
    ///   - uid: The pod's.
    ///   - list: What kubelet answered.
    ///   - ownerUIDs: Which pod's records own a device now, by device id.
    ///   - checkpoint: The devices of the pod with this UID by kubelet's own file; `nil` if it could not be read.
    package init(
        namespace: String,
        name: String,
        uid: String,
        in list: [PodResourcesV1.PodResources],
        ownerUIDs: [String: String],
        checkpoint: Set<String>?
    ) {
        let listed = list.filter { $0.namespace == namespace && $0.name == name }.map(AllocatedDevices.init)
        if listed.count == 1 {
            self = .found(listed[0])
            return
        }
        guard !listed.isEmpty else {
            self = .absent
            return
        }
        let open = listed.filter { devices in
            devices.all.allSatisfy { id in ownerUIDs[id].map { $0 == uid } ?? true }
        }
        let confirmed = checkpoint.map { own in open.filter { !own.isEmpty && $0.all == own } } ?? []
        if confirmed.count == 1 {
            self = .found(confirmed[0])
        } else if open.count == 1 {
            self = .found(open[0])
        } else {
            let reason = checkpoint == nil ? "its checkpoint cannot be read" : "its checkpoint does not tell them apart"
            self = .ambiguous("kubelet lists \(listed.count) pods \(namespace)/\(name), and \(reason)")
        }
    }
}
