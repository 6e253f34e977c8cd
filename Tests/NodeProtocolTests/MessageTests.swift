import JSON
import Testing

@testable import NodeProtocol

@Suite struct MessageTests {
    @Test func `members nobody knows are ignored`() throws {
        let text =
            #"{"version":1,"later":[1],"request":"plan","body":{"containerID":"c","ifName":"eth0","x":{},"#
            + #""pod":{"namespace":"a","name":"b","y":null}}}"#
        let expected = PlanRequest(
            containerID: "c",
            networkNamespace: "",
            interfaceName: "eth0",
            pod: PodReference(namespace: "a", name: "b")
        )
        #expect(try NodeRequest(reading: Array(text.utf8)) == .plan(expected))
    }

    @Test func `annotations that were given and are empty are not annotations that were not given`() throws {
        let text =
            #"{"version":1,"request":"plan","body":{"containerID":"c","ifName":"eth0","annotations":{},"#
            + #""pod":{"namespace":"a","name":"b"}}}"#
        guard case .plan(let request) = try NodeRequest(reading: Array(text.utf8)) else {
            Issue.record("not a plan request")
            return
        }
        #expect(request.annotations == [:])
    }

    @Test func `a request of a later release keeps its name`() throws {
        let text = #"{"version":1,"request":"reconcile","body":{"containerID":"c"}}"#
        #expect(try NodeRequest(reading: Array(text.utf8)) == .unknown("reconcile"))
    }

    @Test func `a newer version is refused with both releases`() {
        let text = #"{"version":2,"release":"9.9","request":"pools"}"#
        #expect(throws: MessageError.newerVersion(2, release: "9.9")) { try NodeRequest(reading: Array(text.utf8)) }
        #expect(MessageError.newerVersion(2, release: "9.9").description.contains("9.9"))
    }

    @Test(arguments: [
        ("", "version"),
        (#""version":1"#, "request"),
        (#""version":"1","request":"pools""#, "version"),
        (#""version":0,"request":"pools""#, "version"),
        (#""version":1,"request":"plan""#, "body.containerID"),
        (#""version":1,"request":"plan","body":[]"#, "body"),
        (
            #""version":1,"request":"plan","body":{"containerID":"c","ifName":"e","pod":{"name":"p"}}"#,
            "body.pod.namespace"
        ),
        (
            #""version":1,"request":"plan","body":{"containerID":"c","ifName":"e","pod":{"namespace":"n","name":"p"},"annotations":{"a":1}}"#,
            "body.annotations.a"
        ),
        (
            #""version":1,"request":"report","body":{"containerID":"c","sequence":-1,"event":"added","pod":{"namespace":"n","name":"p"}}"#,
            "body.sequence"
        ),
        (
            #""version":1,"request":"report","body":{"containerID":"c","sequence":1,"event":"gone","pod":{"namespace":"n","name":"p"}}"#,
            "body.event"
        ),
        (
            #""version":1,"request":"report","body":{"containerID":"c","sequence":1,"event":"added","pod":{"namespace":"n","name":"p"},"attachments":[{"id":"i","network":"n"}]}"#,
            "body.attachments[0].ifName"
        ),
    ])
    func `a malformed request names the member`(members: String, place: String) {
        do {
            _ = try NodeRequest(reading: Array("{\(members)}".utf8))
            Issue.record("was read")
        } catch MessageError.malformed(let problems) {
            #expect(problems.map(\.path).contains(place))
        } catch {
            Issue.record(error)
        }
    }

    @Test func `more attachments than the limit are refused with the limit`() throws {
        let one = ReportedAttachment(id: "i", network: "n", interfaceName: "net1")
        let report = AttachmentReport(
            containerID: "c",
            sequence: 1,
            event: .added,
            pod: PodReference(namespace: "n", name: "p"),
            attachments: Array(repeating: one, count: NodeWire.attachmentLimit + 1)
        )
        #expect(throws: MessageError.self) { try NodeRequest(reading: NodeRequest.report(report).message()) }
    }

    @Test func `an answer of an unknown kind is an error`() {
        #expect(throws: MessageError.self) { try NodeAnswer(reading: Array(#"{"version":1,"answer":"x"}"#.utf8)) }
    }

    @Test func `bytes that are no JSON are an error with a place`() {
        #expect(throws: MessageError.self) { try NodeRequest(reading: [0xff, 0x00]) }
        #expect(throws: MessageError.self) { try NodeAnswer(reading: []) }
    }

    @Test func `a configuration travels byte for byte`() throws {
        let configuration = "{ \"type\":\t\"macvlan\",\n \"mtu\": 1.50e3, \"ü\": \"\\u0001\" }"
        let plan = AttachmentPlan(
            podUID: "u",
            attachments: [
                PlannedAttachment(
                    id: "a",
                    network: "a/b",
                    networkName: "b",
                    interfaceName: "net1",
                    cniVersion: "",
                    configuration: configuration
                )
            ]
        )
        #expect(try NodeAnswer(reading: NodeAnswer.plan(plan).message()) == .plan(plan))
    }
}
