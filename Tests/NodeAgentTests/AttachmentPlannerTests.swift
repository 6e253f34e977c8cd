import JSON
import KubeletAPI
import KubernetesAPI
import NetworkSelection
import NodeProtocol
import Testing

@testable import NodeAgent

@Suite struct AttachmentPlannerTests {
    private static func network(
        _ name: String,
        namespace: String = "default",
        resource: String? = nil,
        _ configuration: String? = #"{"cniVersion":"1.0.0","name":"n","type":"macvlan"}"#
    ) -> NetworkAttachmentDefinition {
        var metadata = ObjectMetadata(namespace: namespace, name: name)
        metadata.annotations[NetworkAttachmentDefinition.resourceNameAnnotation] = resource
        return NetworkAttachmentDefinition(metadata: metadata, configuration: configuration)
    }

    private func devices(_ ids: [String: [String]]) -> AllocatedDevices {
        var container = PodResourcesV1.ContainerResources()
        container.devices = ids.map { PodResourcesV1.ContainerDevices(resourceName: $0.key, deviceIDs: $0.value) }
        var pod = PodResourcesV1.PodResources()
        pod.containers = [container]
        return AllocatedDevices(pod)
    }

    private func plan(
        _ annotations: [String: String],
        _ networks: [NetworkAttachmentDefinition],
        _ ids: [String: [String]] = [:],
        policy: SelectionPolicy = SelectionPolicy(),
        advertised: Set<String> = []
    ) throws(NodeFailure) -> AttachmentPlan {
        let wish = try NetworkWish(annotations: annotations, namespace: "default", policy: policy)
        return try AttachmentPlanner(
            pod: "default/p",
            podUID: "u",
            interfaceName: "eth0",
            wish: wish,
            networks: Dictionary(
                networks.map { ("\($0.metadata.namespace)/\($0.metadata.name)", $0) },
                uniquingKeysWith: { first, _ in first }
            ),
            devices: devices(ids),
            advertisedDevices: advertised
        ).plan()
    }

    private func failure(_ body: () throws(NodeFailure) -> AttachmentPlan) -> NodeFailure? {
        do throws(NodeFailure) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    private let key = NetworkRequest.networksAnnotation

    @Test func `the example of the peers' documentation is planned word for word`() throws {
        let text = """
            {
                "name": "mynet",
                "type": "macvlan",
                "master": "virbr0",
                "ipam": {
                  "type": "host-local",
                  "subnet": "192.168.1.0/24",
                  "rangeStart": "192.168.1.200",
                  "rangeEnd": "192.168.1.216"
                }
              }
            """
        let plan = try plan([key: "macvlan"], [Self.network("macvlan", text)])
        #expect(
            plan.attachments == [
                PlannedAttachment(
                    id: "default/macvlan@net1",
                    network: "default/macvlan",
                    networkName: "mynet",
                    interfaceName: "net1",
                    cniVersion: "",
                    configuration: text
                )
            ]
        )
        #expect(plan.podUID == "u")
        #expect(plan.defaultNetwork == nil)
    }

    @Test func `a pod that asks for nothing has an empty plan`() throws {
        #expect(try plan([:], []) == AttachmentPlan(podUID: "u"))
        #expect(try plan([key: ""], []) == AttachmentPlan(podUID: "u"))
    }

    @Test func `each device is used once, in order, across all networks of a resource`() throws {
        let networks = [
            Self.network("a", resource: "x.io/vf"), Self.network("b", resource: "x.io/vf"),
            Self.network("c", resource: "x.io/other"), Self.network("d"),
        ]
        let ids = ["x.io/vf": ["0000:01:10.2", "0000:01:10.0", "0000:01:10.4"], "x.io/other": ["7"]]
        let plan = try plan([key: "a,d,b,c,a"], networks, ids)
        #expect(
            plan.attachments.map(\.deviceID) == ["0000:01:10.0", nil, "0000:01:10.2", "7", "0000:01:10.4"]
        )
        #expect(plan.attachments.map(\.interfaceName) == ["net1", "net2", "net3", "net4", "net5"])
        #expect(plan.attachments[0].capabilityArguments["deviceID"] == "0000:01:10.0")
        #expect(plan.attachments[0].configuration.contains(#""deviceID":"0000:01:10.0""#))
        #expect(plan.attachments[1].capabilityArguments.isEmpty)
    }

    // ovn-kubernetes#6885, and the incumbent's two maps: both networks got the first device.
    @Test func `the default network takes its device before the others`() throws {
        let networks = [
            Self.network("a", resource: "x.io/vf"), Self.network("d", namespace: "kube-system", resource: "x.io/vf"),
        ]
        let annotations = [key: "a", NetworkRequest.defaultNetworkAnnotation: "d"]
        let plan = try plan(annotations, networks, ["x.io/vf": ["1", "2"]])
        #expect(plan.defaultNetwork?.deviceID == "1")
        #expect(plan.defaultNetwork?.interfaceName == "eth0")
        #expect(plan.defaultNetwork?.network == "kube-system/d")
        #expect(plan.attachments.map(\.deviceID) == ["2"])
    }

    @Test func `a missing device names resource, network and what kubelet gave`() {
        let networks = [Self.network("a", resource: "x.io/vf")]
        let failure = failure { () throws(NodeFailure) in
            try plan([key: "a,a"], networks, ["x.io/vf": ["1"], "y.io/z": ["9"]])
        }
        #expect(failure?.code == 7)
        #expect(failure?.message.contains("network default/a") == true)
        #expect(failure?.message.contains("x.io/vf, number 2") == true)
        #expect(failure?.message.contains("x.io/vf: 1; y.io/z: 9") == true)
        let none = self.failure { () throws(NodeFailure) in try plan([key: "a"], networks) }
        #expect(none?.message.contains("no device at all") == true)
    }

    @Test func `what the pod asks for is handed over`() throws {
        let network = Self.network("a", #"{"name":"n","type":"x","capabilities":{"mac":true,"ips":true}}"#)
        let element =
            #"[{"name":"a","mac":"02:00:00:00:00:01","ips":["10.0.0.9/24"],"interface":"data","#
            + #""default-route":["10.0.0.1"]}]"#
        let attachment = try plan([key: element], [network]).attachments[0]
        #expect(attachment.id == "default/a@data")
        #expect(attachment.capabilityArguments == ["mac": "02:00:00:00:00:01", "ips": ["10.0.0.9/24"]])
        #expect(
            attachment.environmentArguments == [
                EnvironmentArgument("MAC", "02:00:00:00:00:01"), EnvironmentArgument("IP", "10.0.0.9/24"),
            ]
        )
        #expect(attachment.defaultRoute == ["10.0.0.1"])
    }

    @Test func `a device by name is for networks without a resource, and none that kubelet deals out`() throws {
        let element = #"[{"name":"a","deviceID":"0000:01:00.0"}]"#
        #expect(try plan([key: element], [Self.network("a")]).attachments[0].deviceID == "0000:01:00.0")
        let refused = failure { () throws(NodeFailure) in
            try plan([key: element], [Self.network("a")], advertised: ["0000:01:00.0"])
        }
        #expect(refused?.message.contains("is dealt out by kubelet") == true)
        let owned = try plan([key: element], [Self.network("a", resource: "r")], ["r": ["1"]])
        #expect(owned.attachments[0].deviceID == "1")
    }

    @Test(arguments: [
        ([NetworkRequest.networksAnnotation: "A"], "networks[0].name"),
        ([NetworkRequest.networksAnnotation: "a@eth0"], "networks[0].interface"),
        ([NetworkRequest.networksAnnotation: "empty"], "spec.config"),
        ([NetworkRequest.defaultNetworkAnnotation: "a,b"], "names 2 networks"),
    ])
    func `a wish that cannot be granted is a configuration error`(annotations: [String: String], text: String) {
        let networks = [Self.network("a"), Self.network("empty", nil)]
        let failure = failure { () throws(NodeFailure) in try plan(annotations, networks) }
        #expect(failure?.code == NodeFailure.invalidNetworkConfiguration)
        #expect(failure?.description.contains(text) == true)
    }

    @Test func `where namespaces are kept apart only one's own and the global ones are allowed`() throws {
        let policy = SelectionPolicy(isolatesNamespaces: true, globalNamespaces: ["shared"])
        let networks = [
            Self.network("a"), Self.network("a", namespace: "shared"), Self.network("a", namespace: "other"),
        ]
        #expect(try plan([key: "a,shared/a"], networks, policy: policy).attachments.count == 2)
        let refused = [[key: "other/a"], [NetworkRequest.defaultNetworkAnnotation: "other/a"]]
        for annotations in refused {
            let failure = failure { () throws(NodeFailure) in try plan(annotations, networks, policy: policy) }
            #expect(failure?.message.contains("of another namespace") == true)
        }
    }
}
