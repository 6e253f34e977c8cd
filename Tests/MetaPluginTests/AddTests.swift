import CNI
import Foundation
import JSON
import NodeProtocol
import Testing

@Suite struct AddTests {
    let node: ScriptedNode

    init() throws { node = try ScriptedNode() }

    func daemon(_ attachments: PlannedAttachment...) throws -> ScriptedDaemon {
        try ScriptedDaemon(node.socketPath, plan: AttachmentPlan(podUID: "u1", attachments: attachments))
    }

    @Test(arguments: [[:], ["k8s.v1.cni.cncf.io/networks": " "], ["k8s.v1.cni.cncf.io/networks": "[ ]"]])
    func `a pod that certainly asks for nothing is attached without the daemon`(annotations: [String: String]) throws {
        node.hand(annotations: annotations)
        let result = try node.call(.add)
        #expect(node.calls() == ["ADD primary eth0"])
        #expect(
            result == [
                "cniVersion": "1.0.0", "interfaces": [["name": "eth0", "sandbox": .string(node.namespacePath)]],
            ]
        )
        #expect(node.records() == ["journal/c0ffee.json", "results/primary-c0ffee-eth0"])
    }

    @Test func `a pod that asks, or may ask, is refused with code 11 while the daemon is away, and nothing is made`()
        throws
    {
        for annotations in [nil, ["k8s.v1.cni.cncf.io/networks": "one"], ["v1.multus-cni.io/default-network": "x"]] {
            node.configuration["runtimeConfig"] = nil
            if let annotations { node.hand(annotations: annotations) }
            let error = #expect(throws: CNIError.self) { try node.call(.add) }
            #expect(error?.code == .tryAgainLater)
        }
        #expect(node.calls().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `networks that every pod gets are asked for although the pod asks for none`() throws {
        node.hand(annotations: [:])
        node.configuration["defaultNetworks"] = ["storage"]
        #expect(throws: CNIError.self) { try node.call(.add) }
    }

    @Test func `the daemon is asked for the pod as the runtime names it`() throws {
        let daemon = try daemon()
        node.hand(annotations: ["k8s.v1.cni.cncf.io/networks": "one"])
        try node.call(.add)
        #expect(
            daemon.requests.first
                == .plan(
                    PlanRequest(
                        containerID: "c0ffee",
                        networkNamespace: node.namespacePath,
                        interfaceName: "eth0",
                        pod: PodReference(namespace: "default", name: "samplepod", uid: "u1"),
                        annotations: ["k8s.v1.cni.cncf.io/networks": "one"]
                    )
                )
        )
    }

    @Test func `a daemon that comes back in time is waited for`() throws {
        node.configuration["daemonTimeoutSeconds"] = 30
        let (path, plan) = (
            node.socketPath, AttachmentPlan(podUID: "u1", attachments: [PlannedAttachment("one", as: "net1")])
        )
        let late = Thread {
            Thread.sleep(forTimeInterval: 0.5)
            _ = try? ScriptedDaemon(path, plan: plan)
        }
        late.start()
        try node.call(.add)
        #expect(node.calls() == ["ADD primary eth0", "ADD one net1"])
    }

    @Test func `the default network comes first, then the plan's in its order, and the default's result is answered`()
        throws
    {
        _ = try daemon(PlannedAttachment("two", as: "net1"), PlannedAttachment("one", as: "data0"))
        let result = try node.call(.add)
        #expect(node.calls() == ["ADD primary eth0", "ADD two net1", "ADD one data0"])
        #expect(try node.interfaces() == ["data0", "eth0", "net1"])
        #expect(result?["interfaces"]?.array?.first?["name"] == "eth0")
    }

    @Test func `what kubelet hands over goes to the default network only, what the pod asked for to its own`() throws {
        node.configuration["delegates"] = [
            ["cniVersion": "1.0.0", "name": "primary", "type": "primary", "capabilities": ["portMappings": true]]
        ]
        node.hand(annotations: ["x": "y"], ["portMappings": [["hostPort": 80]], "mac": "02:00:00:00:00:09"])
        node.configuration["defaultNetworks"] = ["one"]
        var one = PlannedAttachment(
            "one",
            as: "net1",
            configuration: #"{"type":"one","capabilities":{"mac":true,"portMappings":true},"vlan":100,"n":1.0}"#
        )
        one.capabilityArguments = ["mac": "02:00:00:00:00:01"]
        one.environmentArguments = [EnvironmentArgument("MAC", "02:00:00:00:00:01")]
        let daemon = try daemon(one)
        try node.call(.add)
        #expect(try node.input("primary")["runtimeConfig"] == ["portMappings": [["hostPort": 80]]])
        #expect(
            try node.input("one").text
                == #"{"type":"one","capabilities":{"mac":true,"portMappings":true},"vlan":100,"n":1.0,"name":"one","cniVersion":"1.0.0","runtimeConfig":{"mac":"02:00:00:00:00:01"}}"#
        )
        #expect(try node.variable("CNI_ARGS", of: "one")?.hasSuffix(";MAC=02:00:00:00:00:01") == true)
        #expect(try node.variable("CNI_ARGS", of: "primary")?.contains("MAC=") == false)
        #expect(try node.variable("CNI_IFNAME", of: "one") == "net1")
        daemon.stop()
    }

    @Test func `the daemon is told what became of each network`() throws {
        var one = PlannedAttachment("one", as: "net1")
        one.deviceID = "0000:01:10.0"
        let daemon = try daemon(one)
        try node.call(.add)
        let report = try #require(daemon.reports.first)
        #expect(report.containerID == "c0ffee")
        #expect(report.event == .added)
        #expect(report.pod == PodReference(namespace: "default", name: "samplepod", uid: "u1"))
        #expect(report.attachments.map(\.id) == ["eth0", "default/one@net1"])
        #expect(report.attachments.map(\.network) == ["primary", "default/one"])
        #expect(report.attachments.map(\.isDefault) == [true, false])
        #expect(report.attachments.map(\.deviceID) == [nil, "0000:01:10.0"])
        #expect(report.attachments[1].result?["interfaces"]?.array?.first?["name"] == "net1")
    }

    @Test func `the daemon's own error is passed on`() throws {
        _ = try ScriptedDaemon(node.socketPath) { _ in
            .failure(NodeFailure(code: 7, message: "no network default/x", details: "looked twice"))
        }
        let error = #expect(throws: CNIError.self) { try node.call(.add) }
        #expect(error == CNIError(.invalidConfiguration, "no network default/x", details: "looked twice"))
        #expect(node.calls().isEmpty)
    }

    @Test func `a plan may replace the default network`() throws {
        let replacement = PlannedAttachment("one", as: "ignored")
        _ = try ScriptedDaemon(node.socketPath, plan: AttachmentPlan(podUID: "u1", defaultNetwork: replacement))
        try node.call(.add)
        #expect(node.calls() == ["ADD one eth0"])
    }

    @Test func `an ADD that is repeated answers the same and runs nothing`() throws {
        let daemon = try daemon(PlannedAttachment("one", as: "net1"))
        let first = try node.call(.add)
        #expect(node.calls().count == 2)
        daemon.stop()
        #expect(try node.call(.add) == first)
        #expect(node.calls().isEmpty)
    }

    @Test func `an ADD that is repeated after an interface was lost undoes all and begins again`() throws {
        _ = try daemon(PlannedAttachment("one", as: "net1"))
        let first = try node.call(.add)
        _ = node.calls()
        try ScriptedNode.ip("-n", node.namespace, "link", "del", "net1")
        #expect(try node.call(.add) == first)
        #expect(node.calls() == ["DEL one net1", "DEL primary eth0", "ADD primary eth0", "ADD one net1"])
        #expect(try node.interfaces() == ["eth0", "net1"])
    }

    @Test func `two calls for one container are two sets of networks`() throws {
        node.hand(annotations: [:])
        try node.call(.add)
        try node.call(.add, interfaceName: "eth1")
        try node.call(.del, interfaceName: "eth0")
        #expect(node.calls() == ["ADD primary eth0", "ADD primary eth1", "DEL primary eth0"])
        #expect(node.records() == ["journal/c0ffee.json", "results/primary-c0ffee-eth1"])
        try node.call(.del, interfaceName: "eth1")
        #expect(node.records().isEmpty)
    }
}

@Suite struct RefusalTests {
    let node: ScriptedNode

    init() throws { node = try ScriptedNode() }

    func daemon(_ attachments: PlannedAttachment...) throws -> ScriptedDaemon {
        try ScriptedDaemon(node.socketPath, plan: AttachmentPlan(podUID: "u1", attachments: attachments))
    }

    @Test func `the first failure ends it, and everything attempted is undone in reverse`() throws {
        try node.add("two", failing: "ADD", code: 101, message: "no free address")
        _ = try daemon(
            PlannedAttachment("one", as: "net1"),
            PlannedAttachment("two", as: "net2"),
            PlannedAttachment("one", as: "net3")
        )
        let error = #expect(throws: CNIError.self) { try node.call(.add) }
        #expect(error == CNIError(.init(rawValue: 101), "net2 (default/two): no free address"))
        #expect(
            node.calls() == [
                "ADD primary eth0", "ADD one net1", "ADD two net2", "DEL two net2", "DEL one net1", "DEL primary eth0",
            ]
        )
        #expect(try node.interfaces().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `a rollback goes on past what fails and leaves the journal for the DEL`() throws {
        try node.add("two", failing: "ADD", code: 101, message: "no free address")
        try node.add("one", failing: "DEL", code: 11, message: "busy")
        _ = try daemon(PlannedAttachment("one", as: "net1"), PlannedAttachment("two", as: "net2"))
        let error = #expect(throws: CNIError.self) { try node.call(.add) }
        #expect(error?.code.rawValue == 101)
        #expect(node.calls().suffix(3) == ["DEL two net2", "DEL one net1", "DEL primary eth0"])
        #expect(node.records().contains("journal/c0ffee.json"))
        try node.add("one")
        try node.call(.del)
        #expect(try node.interfaces().isEmpty)
        #expect(node.records().isEmpty)
    }

    @Test func `a delegate that does not exist fails the ADD and leaves nothing`() throws {
        _ = try daemon(PlannedAttachment("three", as: "net1"))
        let error = #expect(throws: CNIError.self) { try node.call(.add) }
        #expect(error?.code == .ioFailure)
        #expect(error?.message.contains("failed to find plugin \"three\"") == true)
        #expect(node.calls() == ["ADD primary eth0", "DEL primary eth0"])
        #expect(node.records().isEmpty)
    }

    @Test func `an interface name that is taken in the pod is refused before the delegate runs`() throws {
        try ScriptedNode.ip("-n", node.namespace, "link", "add", "net1", "type", "bridge")
        _ = try daemon(PlannedAttachment("one", as: "net1"))
        let error = #expect(throws: CNIError.self) { try node.call(.add) }
        #expect(error?.message == "net1 (default/one): interface net1 already exists in the pod")
        #expect(node.calls().prefix(1) == ["ADD primary eth0"])
        #expect(!node.calls().contains("ADD one net1"))
    }

    @Test func `a plan that cannot be carried out changes nothing`() throws {
        var routed = PlannedAttachment("one", as: "net1")
        routed.defaultRoute = ["10.0.0.1"]
        let plans: [[PlannedAttachment]] = [
            [PlannedAttachment("one", as: "eth0")],
            [PlannedAttachment("one", as: "net1"), PlannedAttachment("two", as: "net1")],
            [PlannedAttachment("one", as: "a/b")],
            [PlannedAttachment("one", as: "net1", configuration: "{")],
            [PlannedAttachment("one", as: "net1", configuration: #"{"type":"patchbay"}"#)],
            [PlannedAttachment("one", as: "net1", configuration: #"{"plugins":[{"type":"one"},{"type":"patchbay"}]}"#)],
            [routed],
        ]
        for attachments in plans {
            let node = try ScriptedNode()
            let plan = AttachmentPlan(podUID: "u1", attachments: attachments)
            let daemon = try ScriptedDaemon(node.socketPath, plan: plan)
            #expect(throws: CNIError.self, "\(attachments)") { try node.call(.add) }
            #expect(node.calls().isEmpty, "\(attachments)")
            #expect(node.records().isEmpty)
            daemon.stop()
        }
    }

    @Test func `a namespace that is none, or the host's own, is refused`() throws {
        let none = #expect(throws: CNIError.self) { try node.call(.add, namespacePath: "/run/netns/none-of-ours") }
        #expect(none?.code == .invalidEnvironment)
        let own = #expect(throws: CNIError.self) { try node.call(.add, namespacePath: "/proc/self/ns/net") }
        #expect(own?.code == .invalidNetworkNamespace)
        #expect(node.calls().isEmpty)
    }

    @Test(arguments: [CNIInvocation.Command.check, .gc])
    func `a command of a later release is refused and said to be so`(command: CNIInvocation.Command) throws {
        node.configuration["cniVersion"] = "1.1.0"
        let error = #expect(throws: CNIError.self) { try node.call(command) }
        #expect(error?.message.hasSuffix("is not supported by this release") == true)
    }

    @Test func `STATUS judges the host: the primary network's program is there or it is not`() throws {
        node.configuration["cniVersion"] = "1.1.0"
        try node.call(.status)
        node.configuration["delegates"] = [["cniVersion": "1.0.0", "name": "primary", "type": "missing"]]
        let error = #expect(throws: CNIError.self) { try node.call(.status) }
        #expect(error?.code == .pluginUnavailable)
    }

    @Test func `STATUS asks plugins that know it`() throws {
        node.configuration["cniVersion"] = "1.1.0"
        node.configuration["delegates"] = [["cniVersion": "1.1.0", "name": "primary", "type": "primary"]]
        try node.add("primary", failing: "STATUS", code: 51, message: "agent away")
        let error = #expect(throws: CNIError.self) { try node.call(.status) }
        #expect(error == CNIError(.limitedConnectivity, "agent away"))
    }
}
