import JSON
import KubeletAPI
import Testing

@testable import NodeAgent

@Suite struct AllocatedDevicesTests {
    typealias Pod = PodResourcesV1.PodResources

    private func pod(_ containers: [[(String, [String])]], name: String = "p") -> Pod {
        var pod = Pod()
        pod.name = name
        pod.namespace = "ns"
        pod.containers = containers.map { devices in
            var container = PodResourcesV1.ContainerResources()
            container.devices = devices.map { PodResourcesV1.ContainerDevices(resourceName: $0.0, deviceIDs: $0.1) }
            return container
        }
        return pod
    }

    // multus-cni#1539: a pod-wide order mixes up the containers, kubelet's own within one is random.
    @Test func `ids keep the order of containers and are sorted within one`() {
        let devices = AllocatedDevices(pod([[("r", ["9"]), ("r", ["7"])], [("r", ["8", "1"]), ("s", ["2"])]]))
        #expect(devices["r"] == ["7", "9", "1", "8"])
        #expect(devices["s"] == ["2"])
        #expect(devices["t"] == [])
        #expect(devices.all == ["9", "7", "8", "1", "2"])
        #expect(devices.summary == "r: 7, 9, 1, 8; s: 2")
    }

    // K45: one entry a NUMA node; K26: an init container hands its devices on.
    @Test func `a device that is listed twice counts once`() {
        let devices = AllocatedDevices(pod([[("r", ["1"]), ("r", ["1"])], [("r", ["1", "2"])]]))
        #expect(devices["r"] == ["1", "2"])
    }

    @Test func `a pod without devices says so`() {
        #expect(AllocatedDevices(pod([[]])).summary == "no device at all")
    }

    private func look(
        _ list: [Pod],
        owners: [String: String] = [:],
        checkpoint: Set<String>? = nil
    ) -> DeviceLookup {
        DeviceLookup(namespace: "ns", name: "p", uid: "u1", in: list, ownerUIDs: owners, checkpoint: checkpoint)
    }

    @Test func `a pod that is listed once is found whatever else there is`() {
        let mine = pod([[("r", ["1"])]])
        #expect(look([pod([], name: "other"), mine]) == .found(AllocatedDevices(mine)))
        #expect(look([pod([], name: "other")]) == .absent)
        #expect(look([]) == .absent)
    }

    @Test func `of two with one name the one whose devices another pod's record owns is not meant`() {
        let old = pod([[("r", ["1"])]])
        let new = pod([[("r", ["2"])]])
        #expect(look([old, new], owners: ["1": "u0"]) == .found(AllocatedDevices(new)))
        #expect(look([old, new], owners: ["2": "u1", "1": "u0"]) == .found(AllocatedDevices(new)))
    }

    @Test func `of two with one name kubelet's checkpoint tells which is meant`() {
        let old = pod([[("r", ["1"])]])
        let new = pod([[("r", ["2"]), ("s", ["3"])]])
        #expect(look([old, new], checkpoint: ["2", "3"]) == .found(AllocatedDevices(new)))
    }

    @Test(arguments: [nil, [], ["7"]] as [Set<String>?]) func `nothing is guessed`(checkpoint: Set<String>?) {
        let list = [pod([[("r", ["1"])]]), pod([[("r", ["2"])]])]
        guard case .ambiguous(let reason) = look(list, checkpoint: checkpoint) else {
            Issue.record("was settled")
            return
        }
        #expect(reason.contains("2 pods ns/p"))
    }

    @Test func `two whose devices both belong to other pods are no candidates`() {
        let list = [pod([[("r", ["1"])]]), pod([[("r", ["2"])]])]
        guard case .ambiguous = look(list, owners: ["1": "x", "2": "y"]) else {
            Issue.record("was settled")
            return
        }
    }
}

@Suite struct KubeletCheckpointTests {
    // K42; the shapes before and since Kubernetes 1.20.
    @Test(arguments: [#"{"0":["a"],"-1":["b"]}"#, #"["a","b"]"#])
    func `devices are known by the pod's UID`(ids: String) throws {
        let text = """
            {"Data":{"PodDeviceEntries":[{"PodUID":"u","ContainerName":"c","ResourceName":"r","DeviceIDs":\(ids),
             "AllocResp":""},{"PodUID":"v","DeviceIDs":null}],"RegisteredDevices":{"r":["a","b"]}},"Checksum":1}
            """
        let checkpoint = try KubeletCheckpoint(JSONValue(parsing: text))
        #expect(checkpoint?["u"] == ["a", "b"])
        #expect(checkpoint?["v"] == [])
        #expect(checkpoint?["w"] == [])
    }

    @Test func `entries may be null, other documents are none`() throws {
        #expect(try KubeletCheckpoint(JSONValue(parsing: #"{"Data":{"PodDeviceEntries":null}}"#))?["u"] == [])
        #expect(try KubeletCheckpoint(JSONValue(parsing: "[]")) == nil)
    }
}
