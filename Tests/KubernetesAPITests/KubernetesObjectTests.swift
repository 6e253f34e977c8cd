import JSON
import Testing

@testable import KubernetesAPI

@Suite struct KubernetesObjectTests {
    static let pod = """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"samplepod","labels":{"a":"b"},
         "annotations":{"k8s.v1.cni.cncf.io/networks":"macvlan"}},
         "spec":{"volumes":[{}],"containers":[{"name":"c1","image":"x",
           "resources":{"requests":{"cpu":"100m","x.io/vf":2},"limits":{"x.io/vf":"2"}}},
           {"name":"c2","resources":{"limits":{"x.io/vf":"1"}}}]}}
        """

    @Test func `a pod is read, members of no concern are passed over`() throws {
        let objects = try KubernetesObject.objects(in: JSONValue(parsing: Self.pod))
        guard case .pod(let pod)? = objects.first, objects.count == 1 else {
            Issue.record("not a pod")
            return
        }
        #expect(pod.metadata.namespace == "default")
        #expect(pod.metadata.uid == "")
        #expect(pod.metadata.annotations == ["k8s.v1.cni.cncf.io/networks": "macvlan"])
        #expect(pod.requested("x.io/vf") == 3)
        #expect(pod.requested("cpu") == 0)
        #expect(pod.requested("x.io/other") == 0)
        #expect(!pod.usesHostNetwork)
        #expect(!pod.isStatic)
    }

    // The example of the standard §3.4, in JSON.
    @Test func `a network is read`() throws {
        let text = """
            {"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition",
             "metadata":{"name":"a-bridge-network","namespace":"lab",
               "annotations":{"k8s.v1.cni.cncf.io/resourceName":"x.io/vf"}},
             "spec":{"config":"{\\"type\\":\\"bridge\\"}"}}
            """
        let objects = try KubernetesObject.objects(in: JSONValue(parsing: text))
        guard case .network(let network)? = objects.first else {
            Issue.record("not a network")
            return
        }
        #expect(network.metadata.namespace == "lab")
        #expect(network.configuration == #"{"type":"bridge"}"#)
        #expect(network.resourceName == "x.io/vf")
    }

    @Test(arguments: [#"{}"#, #"{"spec":{}}"#, #"{"spec":{"config":""}}"#, #"{"spec":null}"#])
    func `a network may leave its configuration to a file`(rest: String) throws {
        var object = try JSONValue(parsing: rest).object ?? [:]
        object["metadata"] = ["name": "n"]
        #expect(try NetworkAttachmentDefinition(.object(object)).configuration == nil)
    }

    @Test func `a list gives its objects`() throws {
        let text = """
            {"apiVersion":"v1","kind":"List","items":[\(Self.pod),{"apiVersion":"v1","kind":"Service"}]}
            """
        let objects = try KubernetesObject.objects(in: JSONValue(parsing: text))
        #expect(objects.count == 2)
        #expect(objects.last == .other(kind: "Service"))
    }

    @Test(arguments: [
        (#"{"kind":"Pod"}"#, "apiVersion"),
        (#"{"apiVersion":"v1","kind":"Pod","spec":{}}"#, "metadata"),
        (#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}"#, "spec"),
        (#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"../p"},"spec":{}}"#, "metadata.name"),
        (#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"A"},"spec":{}}"#, "metadata.namespace"),
        (
            #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","annotations":{"a":1}},"spec":{}}"#,
            "metadata.annotations.a"
        ),
        (
            #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c"},{}]}}"#,
            "spec.containers[1].name"
        ),
        (
            #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","resources":{"limits":{"x.io/y":[]}}}]}}"#,
            "spec.containers[0].resources.limits.x.io/y"
        ),
        (
            #"{"apiVersion":"k8s.cni.cncf.io/v1","kind":"NetworkAttachmentDefinition","metadata":{"name":"n"},"spec":{"config":{}}}"#,
            "spec.config"
        ),
        (#"[]"#, ""),
    ])
    func `what is wrong is named with its place`(text: String, place: String) throws {
        let document = try JSONValue(parsing: text)
        do throws(ObjectError) {
            _ = try KubernetesObject.objects(in: document)
            Issue.record("was read")
        } catch {
            #expect(error.problems.map(\.path).contains(place))
        }
    }

    @Test(arguments: [
        (["kubernetes.io/config.mirror": "h"], true),
        (["kubernetes.io/config.source": "file"], true),
        (["kubernetes.io/config.source": "api"], false),
        ([:], false),
    ])
    func `a static pod is known by its annotations`(annotations: [String: String], isStatic: Bool) {
        #expect(Pod(metadata: ObjectMetadata(name: "p", annotations: annotations)).isStatic == isStatic)
    }
}

@Suite struct QuantityTests {
    // Kubernetes API, "Quantity".
    @Test(arguments: [
        ("0", 0), ("1", 1), ("16", 16), ("2k", 2000), ("1Ki", 1024), ("2000m", 2), ("100m", nil), ("1e3", 1000),
        ("", nil), ("-1", nil), ("+1", nil), ("1.5", nil), ("1x", nil), ("9999999999999999999", nil),
        ("999999999999999999Ti", nil),
    ])
    func `only whole numbers that fit have a count`(text: String, count: Int?) {
        #expect(Quantity(text).count == count)
    }
}

@Suite struct NameTests {
    @Test(arguments: ["a", "a-b", "0", String(repeating: "a", count: 63)])
    func `a label is accepted`(text: String) { #expect(ObjectMetadata.isLabel(text)) }

    @Test(arguments: ["", "-a", "a-", "A", "a.b", "a/b", "a_b", "é", String(repeating: "a", count: 64)])
    func `what is no label is refused`(text: String) { #expect(!ObjectMetadata.isLabel(text)) }

    @Test func `a name is labels between dots`() {
        #expect(ObjectMetadata.isSubdomain("web-0.example"))
        #expect(!ObjectMetadata.isSubdomain("web..example"))
        #expect(!ObjectMetadata.isSubdomain(".."))
        #expect(ObjectMetadata.isSubdomain(String(repeating: "a.", count: 126) + "b"))
        #expect(!ObjectMetadata.isSubdomain(String(repeating: "a.", count: 126) + "bc"))
    }
}
