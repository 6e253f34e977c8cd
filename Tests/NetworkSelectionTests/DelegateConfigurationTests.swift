import CNI
import JSON
import KubernetesAPI
import Testing

@testable import NetworkSelection

@Suite struct DelegateConfigurationTests {
    private let network = ObjectMetadata(namespace: "ns", name: "data")

    private func make(
        _ text: String,
        _ annotation: String = "data",
        deviceID: String? = nil
    ) throws -> DelegateConfiguration {
        let request = try NetworkRequest.parse(annotation, namespace: "ns")[0]
        return try DelegateConfiguration(text, of: network, for: request, deviceID: deviceID)
    }

    @Test func `a configuration that lacks nothing is handed on byte for byte`() throws {
        let text = "{ \"cniVersion\" : \"1.0.0\",\n\t\"name\": \"mynet\", \"type\":\"macvlan\", \"x\": 1.50e3 }"
        let made = try make(text)
        #expect(made.text == text)
        #expect(made.list.name == "mynet")
        #expect(made.version == "1.0.0")
    }

    // §3.3: the name may be left out, then the object's is put in.
    @Test func `the object's name is put in where there is none`() throws {
        #expect(try make(#"{"type":"macvlan","x":1.50}"#).text == #"{"type":"macvlan","x":1.50,"name":"data"}"#)
        #expect(try make(#"{"plugins":[{"type":"macvlan"}]}"#).list.name == "data")
    }

    @Test func `a device goes into a single configuration`() throws {
        let made = try make(#"{"name":"n","type":"sriov","vlan":100}"#, deviceID: "0000:01:10.0")
        #expect(
            made.text
                == #"{"name":"n","type":"sriov","vlan":100,"deviceID":"0000:01:10.0","pciBusID":"0000:01:10.0"}"#
        )
    }

    @Test func `a device goes into every plugin of a list`() throws {
        let made = try make(
            #"{"name":"n","plugins":[{"type":"sriov"},{"type":"tuning","sysctl":{}}]}"#,
            deviceID: "0000:01:10.0"
        )
        let plugins = try JSONValue(parsing: made.text)["plugins"]?.array ?? []
        #expect(plugins.count == 2)
        #expect(plugins.allSatisfy { $0["deviceID"] == "0000:01:10.0" && $0["pciBusID"] == "0000:01:10.0" })
    }

    // §4.1.2.1.6: the annotation's values win over the network's.
    @Test func `arguments of the annotation win over the network's`() throws {
        let made = try make(
            #"{"name":"n","type":"x","args":{"cni":{"a":1,"b":2},"other":3}}"#,
            #"[{"name":"data","cni-args":{"b":9,"c":[1.0]}}]"#
        )
        #expect(made.text == #"{"name":"n","type":"x","args":{"cni":{"a":1,"b":9,"c":[1.0]},"other":3}}"#)
    }

    @Test func `a capability that no plugin declares fails and is named`() throws {
        let annotation = #"[{"name":"data","mac":"02:00:00:00:00:01","ips":["10.0.0.1/24"]}]"#
        do {
            _ = try make(#"{"name":"n","type":"macvlan","capabilities":{"ips":true,"mac":false}}"#, annotation)
            Issue.record("was accepted")
        } catch let error as SelectionError {
            #expect(error.problems.map(\.path) == ["k8s.v1.cni.cncf.io/networks[0].mac"])
            #expect(error.description.contains("\"capabilities\": {\"mac\": true}"))
            #expect(error.description.contains("network ns/data"))
        }
    }

    @Test func `one plugin of the list that declares it is enough`() throws {
        let annotation = #"[{"name":"data","mac":"02:00:00:00:00:01"}]"#
        _ = try make(
            #"{"name":"n","plugins":[{"type":"macvlan"},{"type":"tuning","capabilities":{"mac":true}}]}"#,
            annotation
        )
    }

    @Test(arguments: [
        (#"{"portMappings":[{"hostPort":1,"containerPort":1}]}"#, "portMappings"),
        (#"{"bandwidth":{"ingressRate":1}}"#, "bandwidth"),
        (#"{"infiniband-guid":"24:8a:07:03:00:8d:ae:2e"}"#, "infiniband-guid"),
    ])
    func `each request needs its capability`(keys: String, key: String) throws {
        var element = try JSONValue(parsing: keys).object ?? [:]
        element["name"] = "data"
        let annotation = JSONValue.array([.object(element)]).text
        do {
            _ = try make(#"{"name":"n","type":"macvlan"}"#, annotation)
            Issue.record("was accepted")
        } catch let error as SelectionError {
            #expect(error.problems.map(\.path) == ["k8s.v1.cni.cncf.io/networks[0].\(key)"])
        }
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"name":"n"}"#, #"{"name":"n","plugins":[]}"#, #"{"name":"../n","type":"x"}"#,
        #"{"name":"n","type":"../x"}"#, #"{"name":"n","type":"patchbay"}"#,
        #"{"name":"n","plugins":[{"type":"x"},{"type":"patchbay-cni"}]}"#,
    ])
    func `what is no configuration names the network`(text: String) throws {
        do {
            _ = try make(text)
            Issue.record("was accepted")
        } catch let error as SelectionError {
            #expect(error.problems.first?.path == "network ns/data")
        }
    }
}
