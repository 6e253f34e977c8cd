import Addresses
import JSON
import Testing

@testable import NetworkSelection

/// Numbers in comments are those of the standard's sections (version 1.3).
@Suite struct NetworkRequestTests {
    private func parse(_ value: String) throws(SelectionError) -> [NetworkRequest] {
        try NetworkRequest.parse(value, annotation: "a", namespace: "pods")
    }

    private func problems(_ value: String) -> [String] {
        do throws(SelectionError) {
            _ = try parse(value)
            return []
        } catch {
            return error.problems.map(\.path)
        }
    }

    // §4.1.1, with the incumbent's @interface.
    @Test(arguments: [
        ("net-a", ["pods/net-a@"]),
        ("net-a,other/net-b", ["pods/net-a@", "other/net-b@"]),
        (" net-a , other / net-b @ eth7 ", ["pods/net-a@", "other/net-b@eth7"]),
        ("net-a,net-a", ["pods/net-a@", "pods/net-a@"]),
        ("net.a@e", ["pods/net.a@e"]),
        ("", []), ("  ", []), ("[]", []),
    ])
    func `the short form names networks and interfaces`(value: String, expected: [String]) throws {
        let read = try parse(value).map { "\($0.network)@\($0.interfaceName ?? "")" }
        #expect(read == expected)
    }

    @Test(arguments: [
        ("a/b/c", "a[0]"), ("x,a@b@c", "a[1]"), (",x", "a[0].name"), ("x,", "a[1].name"), ("/x", "a[0].namespace"),
        ("x/", "a[0].name"), ("X", "a[0].name"), ("x_y", "a[0].name"), ("x@", "a[0].interface"),
        ("x@sixteen-bytes-xx", "a[0].interface"), ("x@a b", "a[0].interface"), ("../x", "a[0].namespace"),
        ("x@..", "a[0].interface"), ("x@a:b", "a[0].interface"),
    ])
    func `a malformed item is named`(value: String, place: String) {
        #expect(problems(value) == [place])
    }

    // The keys of §4.1.2.1.
    @Test func `the long form takes every key of the standard`() throws {
        let value = """
            [{"name":"n","namespace":"ns","ips":["10.2.2.42","2001:db8::5/64"],"mac":"02:23:45:67:89:01",
              "infiniband-guid":"24:8a:07:03:00:8d:ae:2e","interface":"eth1","cni-args":{"foo":1.50},
              "portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"UDP"},{"hostPort":1,"containerPort":65535}],
              "bandwidth":{"ingressRate":2048,"ingressBurst":1600,"egressRate":4096},
              "default-route":["10.2.2.1"],"ipam-claim-reference":"claim","example.com/mine":{"x":[]}},
             {"name":"m"}]
            """
        let requests = try parse(value)
        #expect(requests.map(\.network) == ["ns/n", "pods/m"])
        let first = requests[0]
        #expect(first.interfaceName == "eth1")
        #expect(JSONValue.object(first.cniArguments).text == #"{"foo":1.50}"#)
        #expect(first.defaultRoute?.map(\.description) == ["10.2.2.1"])
        #expect(first.ipamClaim == "claim")
        let expected = """
            {"mac":"02:23:45:67:89:01","ips":["10.2.2.42","2001:db8::5/64"],
             "portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"udp"},
                             {"hostPort":1,"containerPort":65535,"protocol":"tcp"}],
             "bandwidth":{"ingressRate":2048,"ingressBurst":1600,"egressRate":4096,"egressBurst":4096},
             "infinibandGUID":"24:8a:07:03:00:8d:ae:2e"}
            """
        #expect(try .object(first.capabilityArguments) == JSONValue(parsing: expected))
        #expect(requests[1].capabilityArguments.isEmpty)
        #expect(requests[1].defaultRoute == nil)
    }

    @Test(arguments: [
        (#"[{"namespace":"x"}]"#, "a[0].name"),
        (#"[{"name":"n"},{"name":1}]"#, "a[1].name"),
        (#"[{"name":"n","ips":[]}]"#, "a[0].ips"),
        (#"[{"name":"n","ips":["10.0.0.1/33"]}]"#, "a[0].ips[0]"),
        (#"[{"name":"n","ips":"10.0.0.1"}]"#, "a[0].ips"),
        (#"[{"name":"n","mac":"02:23:45:67:89"}]"#, "a[0].mac"),
        (#"[{"name":"n","mac":"03:00:00:00:00:01"}]"#, "a[0].mac"),
        (#"[{"name":"n","infiniband-guid":"24:8a"}]"#, "a[0].infiniband-guid"),
        (#"[{"name":"n","interface":"a/b"}]"#, "a[0].interface"),
        (#"[{"name":"n","cni-args":"x"}]"#, "a[0].cni-args"),
        (#"[{"name":"n","portMappings":[]}]"#, "a[0].portMappings"),
        (#"[{"name":"n","portMappings":[{"hostPort":0,"containerPort":1}]}]"#, "a[0].portMappings[0].hostPort"),
        (#"[{"name":"n","portMappings":[{"hostPort":1}]}]"#, "a[0].portMappings[0].containerPort"),
        (
            #"[{"name":"n","portMappings":[{"hostPort":1,"containerPort":1,"protocol":"x"}]}]"#,
            "a[0].portMappings[0].protocol"
        ),
        (#"[{"name":"n","bandwidth":{}}]"#, "a[0].bandwidth"),
        (#"[{"name":"n","bandwidth":{"egressBurst":1}}]"#, "a[0].bandwidth.egressBurst"),
        (#"[{"name":"n","bandwidth":{"egressRate":0}}]"#, "a[0].bandwidth.egressRate"),
        (#"[{"name":"n","default-route":["10.0.0.0/8"]}]"#, "a[0].default-route[0]"),
        (#"[{"name":"n","ip":["10.0.0.1"]}]"#, "a[0].ip"),
        (#"{"name":"n"}"#, "a"),
        (#"[{"name":"n"}"#, "a"),
        (#""n""#, "a"),
        (#"["n"]"#, "a[0]"),
        (#"[{"name":"n","default-route":[]},{"name":"m","default-route":["10.0.0.1"]}]"#, "a[1].default-route"),
    ])
    func `what is wrong is named with its place`(value: String, place: String) {
        #expect(problems(value).contains(place))
    }

    @Test func `everything wrong is told at once`() {
        #expect(problems(#"[{"name":"n","mac":"x","ips":["y"]},{"nam":"m"}]"#).count == 4)
        #expect(problems("A,b,C") == ["a[0].name", "a[2].name"])
    }

    @Test func `an unknown key is told with the one that was meant`() {
        do throws(SelectionError) {
            _ = try parse(#"[{"name":"n","default_route":[]}]"#)
            Issue.record("was accepted")
        } catch {
            #expect(error.description.contains("did you mean \"default-route\"?"))
        }
    }

    @Test func `an empty default-route is not an absent one`() throws {
        #expect(try parse(#"[{"name":"n","default-route":[]}]"#)[0].defaultRoute == [])
    }

    @Test func `older plugins get the address in CNI_ARGS only when there is one`() throws {
        let one = try parse(#"[{"name":"n","mac":"02:00:00:00:00:01","ips":["10.0.0.1/24"]}]"#)[0]
        let texts = one.environmentArguments.map { "\($0.name)=\($0.value)" }
        #expect(texts == ["MAC=02:00:00:00:00:01", "IP=10.0.0.1/24"])
        let two = try parse(#"[{"name":"n","ips":["10.0.0.1/24","10.0.0.2/24"]}]"#)[0]
        #expect(two.environmentArguments.isEmpty)
    }

    @Test func `a burst that is left out is a second's worth at most`() throws {
        let request = try parse(#"[{"name":"n","bandwidth":{"ingressRate":10000000000}}]"#)[0]
        #expect(request.capabilityArguments["bandwidth"]?["ingressBurst"]?.int == 2_147_483_647)
    }
}

@Suite struct InterfaceNameTests {
    private func names(_ value: String) throws -> [String] {
        try assignInterfaceNames(to: NetworkRequest.parse(value, namespace: "p"), defaultInterface: "eth0")
    }

    // The incumbent's numbering: place in the list of networks, the default network being number 0.
    @Test(arguments: [
        ("a", ["net1"]),
        ("a,b,c", ["net1", "net2", "net3"]),
        ("a,b@x,c", ["net1", "x", "net3"]),
        // A name that somebody asked for is avoided, and moves nobody else's.
        ("a@net2,b", ["net2", "net3"]),
        ("a,b,c@net1", ["net4", "net2", "net1"]),
        ("a@net3,b@net2,c,d@net4", ["net3", "net2", "net5", "net4"]),
    ])
    func `an interface is named for its place in the list`(value: String, expected: [String]) throws {
        #expect(try names(value) == expected)
    }

    @Test(arguments: ["a@x,b@x", "a@eth0"])
    func `a name that is taken fails`(value: String) {
        #expect(throws: SelectionError.self) { try names(value) }
    }
}
