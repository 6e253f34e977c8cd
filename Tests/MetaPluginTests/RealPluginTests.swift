import CNI
import Foundation
import JSON
import LinuxSystem
import NodeProtocol
import Testing

/// The reference plugins of Debian's containernetworking-plugins, in a real namespace.
@Suite(.serialized) struct RealPluginTests {
    let node: ScriptedNode
    let bridge: String

    init() throws {
        node = try ScriptedNode()
        bridge = "b\(node.namespace.dropFirst(4))"
        node.configuration["binDir"] = "/usr/lib/cni"
        node.configuration["delegates"] = [
            [
                "cniVersion": "1.0.0", "name": "primary", "type": "bridge", "bridge": .string(bridge),
                "isGateway": true,
                "ipam": [
                    "type": "host-local", "dataDir": .string("\(node.path)/ipam"),
                    "ranges": [[["subnet": "10.217.9.0/24"]]],
                    "routes": [["dst": "0.0.0.0/0"]],
                ],
            ]
        ]
    }

    func leases() -> [String] {
        let all = FileManager.default.subpaths(atPath: "\(node.path)/ipam") ?? []
        return all.filter { $0.contains("/10.") }.map { String($0.split(separator: "/")[1]) }.sorted()
    }

    /// net1 a macvlan on the bridge with a lease, net2 on the bridge too with a fixed address and a chained plugin.
    func plan() -> AttachmentPlan {
        let macvlan = """
            {"cniVersion":"0.3.1","name":"mac","type":"macvlan","master":"\(bridge)","ipam":{"type":"host-local",\
            "dataDir":"\(node.path)/ipam","subnet":"10.218.9.0/24"}}
            """
        let pair = """
            {"cniVersion":"1.0.0","name":"pair","plugins":[{"type":"bridge","bridge":"\(bridge)","ipam":{"type":"static",\
            "addresses":[{"address":"10.219.9.5/24"}]}},{"type":"tuning","mtu":1400}]}
            """
        return AttachmentPlan(
            podUID: "u1",
            attachments: [
                PlannedAttachment("mac", as: "net1", configuration: macvlan),
                PlannedAttachment("pair", as: "net2", configuration: pair),
            ]
        )
    }

    @Test func `a pod gets a bridge, a macvlan and a chained network, and all of it is given back`() throws {
        defer { _ = try? ScriptedNode.ip("link", "del", bridge) }
        let daemon = try ScriptedDaemon(node.socketPath, plan: plan())
        let result = try #require(try node.call(.add))
        #expect(result["ips"]?.array?.first?["address"] == "10.217.9.2/24")
        let addresses = try ScriptedNode.ip("-n", node.namespace, "-o", "-4", "addr")
        for text in ["eth0    inet 10.217.9.2/24", "net1    inet 10.218.9.2/24", "net2    inet 10.219.9.5/24"] {
            #expect(addresses.contains(text), "\(text)")
        }
        #expect(try ScriptedNode.ip("-n", node.namespace, "link", "show", "net2").contains("mtu 1400"))
        #expect(leases() == ["10.217.9.2", "10.218.9.2"])
        let report = try #require(daemon.reports.first)
        #expect(report.attachments.map { $0.result?["cniVersion"] } == ["1.1.0", "1.1.0", "1.1.0"])
        #expect(report.attachments[1].result?["ips"]?.array?.first?["address"] == "10.218.9.2/24")

        try node.call(.del)
        #expect(try node.interfaces().isEmpty)
        #expect(leases().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `addresses are given back when the namespace went first`() throws {
        defer { _ = try? ScriptedNode.ip("link", "del", bridge) }
        _ = try ScriptedDaemon(node.socketPath, plan: plan())
        try node.call(.add)
        #expect(leases().count == 2)
        try ScriptedNode.ip("netns", "del", node.namespace)
        try node.call(.del)
        #expect(leases().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `a plugin that fails in the middle leaves neither interface nor lease`() throws {
        defer { _ = try? ScriptedNode.ip("link", "del", bridge) }
        var plan = plan()
        plan.attachments.append(
            PlannedAttachment(
                "x",
                as: "net3",
                configuration: #"{"cniVersion":"1.0.0","name":"x","type":"macvlan","master":"none0"}"#
            )
        )
        _ = try ScriptedDaemon(node.socketPath, plan: plan)
        let error = #expect(throws: CNIError.self) { try node.call(.add) }
        #expect(error?.message.hasPrefix("net3 (default/x): ") == true)
        #expect(try node.interfaces().isEmpty)
        #expect(leases().isEmpty)
        #expect(node.records().isEmpty)
    }
}
