import CNI
import JSON
import Testing

@testable import NetworkSelection

@Suite struct NetworkStatusTests {
    private func result(_ text: String, version: CNIVersion = .v1_1_0) throws -> CNIResult {
        try CNIResult(JSONValue(parsing: text), assumedVersion: version)
    }

    @Test func `the annotation looks as its readers know it`() throws {
        let eth0 = try result(
            """
            {"cniVersion":"1.0.0","interfaces":[{"name":"cni0","mac":"aa:00:00:00:00:01"},{"name":"veth1"},
              {"name":"eth0","mac":"aa:00:00:00:00:02","sandbox":"/run/netns/x"}],
             "ips":[{"address":"10.1.1.5/24","gateway":"10.1.1.1","interface":2}],
             "routes":[{"dst":"0.0.0.0/0","gw":"10.1.1.1"},{"dst":"10.9.0.0/16"}],
             "dns":{"nameservers":["10.0.0.10"]}}
            """
        )
        let net1 = try result(
            """
            {"cniVersion":"1.1.0","interfaces":[{"name":"net1","mac":"02:00:00:00:00:07","mtu":9000,"sandbox":"/x"}],
             "ips":[{"address":"192.168.1.200/24","interface":0},{"address":"2001:db8::1/64","interface":0}]}
            """
        )
        let text = NetworkStatus.text([
            NetworkStatus(network: "mynet", interfaceName: "eth0", isDefault: true, result: eth0),
            NetworkStatus(
                network: "default/vf",
                interfaceName: "net1",
                result: net1,
                device: DeviceInformation(address: "0000:01:10.0", physicalFunction: "0000:01:00.0")
            ),
        ])
        let first =
            #"{"name":"mynet","interface":"eth0","ips":["10.1.1.5"],"mac":"aa:00:00:00:00:02","default":true,"#
            + #""dns":{"nameservers":["10.0.0.10"]},"gateway":["10.1.1.1"]}"#
        let second =
            #"{"name":"default/vf","interface":"net1","ips":["192.168.1.200","2001:db8::1"],"#
            + #""mac":"02:00:00:00:00:07","mtu":9000,"dns":{},"device-info":{"type":"pci","version":"1.1.0","#
            + #""pci":{"pci-address":"0000:01:10.0","pf-pci-address":"0000:01:00.0"}}}"#
        #expect(try JSONValue(parsing: text).text == "[\(first),\(second)]")
        #expect(text.hasPrefix("[\n    {\n        \"name\": \"mynet\",\n") && text.hasSuffix("\n]"))
    }

    // §5: results older than 0.3.0 name no interface, CNI_IFNAME stands in.
    @Test func `an old result is told under the interface that was asked for`() throws {
        let old = try result(#"{"ip4":{"ip":"10.0.0.2/24"}}"#, version: .v0_2_0)
        let entry = NetworkStatus(network: "n", interfaceName: "net1", result: old).json
        #expect(JSONValue.object(entry).text == #"{"name":"n","interface":"net1","ips":["10.0.0.2"],"dns":{}}"#)
    }

    @Test func `a delegate that printed nothing still has an entry`() {
        let entry = NetworkStatus(network: "n", interfaceName: "net1", result: nil).json
        #expect(JSONValue.object(entry).text == #"{"name":"n","interface":"net1","dns":{}}"#)
    }

    @Test func `addresses of host interfaces are not the pod's`() throws {
        let result = try result(
            """
            {"interfaces":[{"name":"br"},{"name":"net1","sandbox":"/x"}],
             "ips":[{"address":"10.0.0.1/24","interface":0},{"address":"10.0.0.2/24","interface":1},
                    {"address":"10.0.0.3/24"}]}
            """
        )
        let entry = NetworkStatus(network: "n", interfaceName: "net1", result: result).json
        #expect(entry["ips"] == ["10.0.0.2", "10.0.0.3"])
    }

    @Test func `of several interfaces in the pod the one that was asked for is told`() throws {
        let result = try result(
            #"{"interfaces":[{"name":"lower","sandbox":"/x"},{"name":"net1","sandbox":"/x"}]}"#
        )
        #expect(NetworkStatus(network: "n", interfaceName: "net1", result: result).json["interface"] == "net1")
        #expect(NetworkStatus(network: "n", interfaceName: "other", result: result).json["interface"] == "lower")
    }

    // A route without next hop once came out as "<nil>" in the incumbent's (kubespray#12002).
    @Test func `a default route without next hop is no gateway`() throws {
        let result = try result(#"{"routes":[{"dst":"0.0.0.0/0"}]}"#)
        #expect(NetworkStatus(network: "n", interfaceName: "net1", result: result).json["gateway"] == nil)
    }
}
