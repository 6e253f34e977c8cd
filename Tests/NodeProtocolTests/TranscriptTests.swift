import JSON
import Testing

@testable import NodeProtocol

/// The messages of release 0.1.0, byte for byte.
///
/// A later release must read these as they stand, and must write what this release reads: never edit a transcript of a
/// release that is out, add one.
@Suite struct TranscriptTests {
    static let requests: [(text: String, request: NodeRequest)] = [
        (
            #"{"version":1,"release":"0.1.0","request":"plan","body":{"containerID":"c1","netns":"/run/netns/c1","#
                + #""ifName":"eth0","pod":{"namespace":"default","name":"samplepod","uid":"u1"},"#
                + #""annotations":{"k8s.v1.cni.cncf.io/networks":"macvlan"}}}"#,
            .plan(
                PlanRequest(
                    containerID: "c1",
                    networkNamespace: "/run/netns/c1",
                    interfaceName: "eth0",
                    pod: PodReference(namespace: "default", name: "samplepod", uid: "u1"),
                    annotations: ["k8s.v1.cni.cncf.io/networks": "macvlan"]
                )
            )
        ),
        (
            #"{"version":1,"release":"0.1.0","request":"report","body":{"containerID":"c1","sequence":1,"event":"added","#
                + #""pod":{"namespace":"default","name":"samplepod"},"attachments":[{"id":"default/vf@net1","#
                + #""network":"default/vf","ifName":"net1","default":false,"#
                + #""result":{"cniVersion":"1.0.0","ips":[{"address":"10.0.0.2/24"}]},"deviceID":"0000:01:10.0"}]}}"#,
            .report(
                AttachmentReport(
                    containerID: "c1",
                    sequence: 1,
                    event: .added,
                    pod: PodReference(namespace: "default", name: "samplepod"),
                    attachments: [
                        ReportedAttachment(
                            id: "default/vf@net1",
                            network: "default/vf",
                            interfaceName: "net1",
                            result: ["cniVersion": "1.0.0", "ips": [["address": "10.0.0.2/24"]]],
                            deviceID: "0000:01:10.0"
                        )
                    ]
                )
            )
        ),
        (#"{"version":1,"release":"0.1.0","request":"pools"}"#, .pools),
        (#"{"version":1,"release":"0.1.0","request":"attachments"}"#, .attachments),
    ]

    static let answers: [(text: String, answer: NodeAnswer)] = [
        (
            #"{"version":1,"release":"0.1.0","answer":"plan","body":{"podUID":"u1","attachments":[{"#
                + #""id":"default/vf@net1","network":"default/vf","networkName":"vf","ifName":"net1","cniVersion":"1.0.0","#
                + #""config":"{\"cniVersion\":\"1.0.0\",\"name\":\"vf\",\"type\":\"sriov\"}","resourceName":"x.io/vf","#
                + #""deviceID":"0000:01:10.0","runtimeConfig":{"mac":"02:00:00:00:00:01"},"#
                + #""cniArgs":[{"name":"MAC","value":"02:00:00:00:00:01"}],"defaultRoute":["10.0.0.1"]}]}}"#,
            .plan(
                AttachmentPlan(
                    podUID: "u1",
                    attachments: [
                        PlannedAttachment(
                            id: "default/vf@net1",
                            network: "default/vf",
                            networkName: "vf",
                            interfaceName: "net1",
                            cniVersion: "1.0.0",
                            configuration: #"{"cniVersion":"1.0.0","name":"vf","type":"sriov"}"#,
                            resourceName: "x.io/vf",
                            deviceID: "0000:01:10.0",
                            capabilityArguments: ["mac": "02:00:00:00:00:01"],
                            environmentArguments: [EnvironmentArgument("MAC", "02:00:00:00:00:01")],
                            defaultRoute: ["10.0.0.1"]
                        )
                    ]
                )
            )
        ),
        (
            #"{"version":1,"release":"0.1.0","answer":"plan","body":{"podUID":"u1","defaultNetwork":{"id":"a/b@eth0","#
                + #""network":"a/b","networkName":"b","ifName":"eth0","cniVersion":"","config":"{}","defaultRoute":[]},"#
                + #""attachments":[]}}"#,
            .plan(
                AttachmentPlan(
                    podUID: "u1",
                    defaultNetwork: PlannedAttachment(
                        id: "a/b@eth0",
                        network: "a/b",
                        networkName: "b",
                        interfaceName: "eth0",
                        cniVersion: "",
                        configuration: "{}",
                        defaultRoute: []
                    )
                )
            )
        ),
        (
            #"{"version":1,"release":"0.1.0","answer":"report","body":{"published":true}}"#,
            .reported(isPublished: true)
        ),
        (
            #"{"version":1,"release":"0.1.0","answer":"pools","body":{"pools":[{"name":"vf","resourceName":"x.io/vf","#
                + #""registered":true,"devices":[{"id":"0000:01:10.0","healthy":true,"numaNode":0,"allocatedTo":"a/b"},"#
                + #"{"id":"0000:01:10.1","healthy":false,"reason":"awaiting return"}]}]}}"#,
            .pools([
                PoolStatus(
                    name: "vf",
                    resourceName: "x.io/vf",
                    isRegistered: true,
                    devices: [
                        DeviceStatus(id: "0000:01:10.0", isHealthy: true, numaNode: 0, allocatedTo: "a/b"),
                        DeviceStatus(id: "0000:01:10.1", isHealthy: false, reason: "awaiting return"),
                    ]
                )
            ])
        ),
        (
            #"{"version":1,"release":"0.1.0","answer":"attachments","body":{"reports":[{"containerID":"c1","sequence":2,"#
                + #""event":"deleted","pod":{"namespace":"a","name":"b"},"attachments":[]}]}}"#,
            .attachments([
                AttachmentReport(
                    containerID: "c1",
                    sequence: 2,
                    event: .deleted,
                    pod: PodReference(namespace: "a", name: "b")
                )
            ])
        ),
        (
            #"{"version":1,"release":"0.1.0","error":{"code":11,"msg":"pod a/b is not known yet","details":"waited 5 s"}}"#,
            .failure(NodeFailure(code: 11, message: "pod a/b is not known yet", details: "waited 5 s"))
        ),
    ]

    @Test(arguments: requests) func `a request is written and read as release 0.1.0 does`(
        text: String,
        request: NodeRequest
    ) throws {
        #expect(String(decoding: request.message(), as: UTF8.self) == text)
        #expect(try NodeRequest(reading: Array(text.utf8)) == request)
    }

    @Test(arguments: answers) func `an answer is written and read as release 0.1.0 does`(
        text: String,
        answer: NodeAnswer
    ) throws {
        #expect(String(decoding: answer.message(), as: UTF8.self) == text)
        #expect(try NodeAnswer(reading: Array(text.utf8)) == answer)
    }
}
