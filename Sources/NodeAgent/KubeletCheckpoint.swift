package import JSON

/// Kubelet's own record of which pod has which device, the one place that knows UIDs.
///
///     {"Data":{"PodDeviceEntries":[{"PodUID":"…","ContainerName":"c","ResourceName":"x.io/vf",
///                                   "DeviceIDs":{"0":["0000:01:10.0"]},"AllocResp":"…"}],…},"Checksum":1}
///
/// Its checksum cannot be reproduced outside kubelet, so it is read as a hint, never written.
package struct KubeletCheckpoint: Sendable, Equatable {
    /// The file below kubelet's directory for device plugins.
    package static let fileName = "kubelet_internal_checkpoint"

    private var devices: [String: Set<String>] = [:]

    /// Reads the file's document; entries of a shape nobody knows are passed over.
    ///
    /// - Returns: `nil` if it is no such document at all.
    package init?(_ document: JSONValue) {
        guard let data = document["Data"] else { return nil }
        for entry in data["PodDeviceEntries"]?.array ?? [] {
            guard let uid = entry["PodUID"]?.string, let ids = entry["DeviceIDs"] else { continue }
            // A list before Kubernetes 1.20, afterwards one list a NUMA node.
            let lists = ids.array.map { [$0] } ?? ids.object?.members.compactMap(\.value.array) ?? []
            devices[uid, default: []].formUnion(lists.joined().compactMap(\.string))
        }
    }

    /// Every device of the pod, of all resources; empty if it is not known.
    package subscript(podUID: String) -> Set<String> { devices[podUID] ?? [] }
}
