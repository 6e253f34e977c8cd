import AttachmentStore
import Attachments
import CNI
import Foundation
import JSON
import NodeProtocol
import Testing

@Suite struct DeleteTests {
    let node: ScriptedNode

    init() throws { node = try ScriptedNode() }

    /// Attaches eth0, net1 (one) and net2 (two), and stops the daemon.
    func attached() throws {
        let plan = AttachmentPlan(
            podUID: "u1",
            attachments: [PlannedAttachment("one", as: "net1"), PlannedAttachment("two", as: "net2")]
        )
        let daemon = try ScriptedDaemon(node.socketPath, plan: plan)
        try node.call(.add)
        daemon.stop()
        try FileManager.default.removeItem(atPath: node.socketPath)
        _ = node.calls()
    }

    @Test func `a DEL needs no daemon, runs in reverse and leaves nothing`() throws {
        try attached()
        #expect(try node.call(.del) == nil)
        #expect(node.calls() == ["DEL two net2", "DEL one net1", "DEL primary eth0"])
        #expect(try node.interfaces().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `delegates get the configuration and the result of their ADD back`() throws {
        try attached()
        node.configuration["delegates"] = [
            ["cniVersion": "1.0.0", "name": "primary", "type": "primary", "changed": true]
        ]
        try node.call(.del)
        #expect(try node.input("primary", "DEL")["changed"] == nil)
        #expect(try node.input("one", "DEL")["prevResult"]?["interfaces"]?.array?.first?["name"] == "net1")
        #expect(try node.variable("CNI_NETNS", of: "one", "DEL") == node.namespacePath)
    }

    @Test func `a second DEL succeeds`() throws {
        try attached()
        try node.call(.del)
        _ = node.calls()
        try node.call(.del)
        #expect(node.calls() == ["DEL primary eth0"])
        #expect(node.records().isEmpty)
    }

    @Test func `one failure stops no other; the error says which, and the journal stays for the next DEL`() throws {
        try attached()
        try node.add("one", failing: "DEL", code: 11, message: "store locked")
        let error = #expect(throws: CNIError.self) { try node.call(.del) }
        #expect(error == CNIError(.tryAgainLater, "net1 (default/one): store locked"))
        #expect(node.calls() == ["DEL two net2", "DEL one net1", "DEL primary eth0"])
        #expect(node.records().contains("journal/c0ffee.json"))
        try node.add("one")
        try node.call(.del)
        #expect(try node.interfaces().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `a delegate whose program is gone stays in the journal, and the pod may go`() throws {
        try attached()
        try FileManager.default.removeItem(atPath: "\(node.path)/bin/one")
        try node.call(.del)
        #expect(node.calls() == ["DEL two net2", "DEL primary eth0"])
        let left = try #require(try StateDirectory(node.statePath).journal(containerID: "c0ffee"))
        #expect(left.attachments.map(\.interfaceName) == ["net1"])
        #expect(left.attachments.first?.remains?.contains("failed to find plugin") == true)
        try node.add("one")
        try node.call(.del)
        #expect(try node.interfaces().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `without the namespace delegates are told so, and addresses are given back by us as well`() throws {
        let configuration = #"{"cniVersion":"1.0.0","name":"data","type":"one","ipam":{"type":"two"}}"#
        let plan = AttachmentPlan(
            podUID: "u1",
            attachments: [PlannedAttachment("one", as: "net1", configuration: configuration)]
        )
        _ = try ScriptedDaemon(node.socketPath, plan: plan)
        try node.call(.add)
        try ScriptedNode.ip("netns", "del", node.namespace)
        _ = node.calls()
        try node.call(.del)
        #expect(node.calls() == ["DEL one net1", "DEL two net1", "DEL primary eth0"])
        #expect(try node.variable("CNI_NETNS", of: "one", "DEL") == "")
        #expect(node.records().isEmpty)
    }

    @Test func `a delegate that cannot do without the namespace does not keep the pod`() throws {
        try attached()
        try node.add("one", failing: "DEL", code: 999, message: "no such namespace")
        try ScriptedNode.ip("netns", "del", node.namespace)
        try node.call(.del, namespacePath: "")
        #expect(node.records() == ["journal/c0ffee.json", "results/one-c0ffee-net1"])
    }

    @Test func `a late DEL for another namespace touches nothing`() throws {
        try attached()
        let other = try ScriptedNode()
        try node.call(.del, namespacePath: other.namespacePath)
        #expect(node.calls().isEmpty)
        #expect(try node.interfaces() == ["eth0", "net1", "net2"])
    }

    @Test func `a damaged journal is not nothing to do: what was kept of the ADD is undone`() throws {
        try attached()
        let journal = "\(node.statePath)/journal/c0ffee.json"
        try Data(#"{"schema":1,"containerID":"c0"#.utf8).write(to: URL(filePath: journal))
        try node.call(.del)
        #expect(node.calls() == ["DEL two net2", "DEL one net1", "DEL primary eth0"])
        #expect(try node.interfaces().isEmpty)
        #expect(node.records() == ["damaged/c0ffee.json"])
    }

    @Test func `a DEL for a container nobody knows runs the default network's and succeeds`() throws {
        try node.call(.del)
        #expect(node.calls() == ["DEL primary eth0"])
        try node.add("primary", failing: "DEL", code: 999, message: "no")
        try node.call(.del)
        try node.add("primary", failing: "DEL", code: 11, message: "busy")
        let error = #expect(throws: CNIError.self) { try node.call(.del) }
        #expect(error?.code == .tryAgainLater)
    }

    @Test func `a DEL works with a configuration whose primary network is gone`() throws {
        try attached()
        node.configuration["delegates"] = nil
        node.configuration["clusterNetwork"] = "/nowhere/10-gone.conflist"
        try node.call(.del)
        #expect(try node.interfaces().isEmpty)
        try node.call(.del)
    }

    @Test func `the daemon is told that the pod is gone`() throws {
        try attached()
        let daemon = try ScriptedDaemon(node.socketPath, plan: AttachmentPlan(podUID: "u1"))
        try node.call(.del)
        #expect(daemon.reports.map(\.event) == [.deleted])
        #expect(daemon.reports.first?.attachments.isEmpty == true)
    }
}
