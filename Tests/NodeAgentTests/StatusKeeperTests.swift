import AttachmentStore
import Attachments
import JSON
import LinuxSystem
import Logging
import NodeProtocol
import Scratch
import Synchronization
import Testing

@testable import NodeAgent

@Suite struct StatusKeeperTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func keeper(_ source: ScriptedSource) -> StatusKeeper {
        StatusKeeper(
            source: source,
            directory: "\(directory.path)/reports",
            physicalFunction: { $0 == "0000:01:10.0" ? "0000:01:00.0" : nil },
            logger: Logger(label: "test")
        )
    }

    private func report(
        _ container: String,
        _ sequence: Int,
        _ event: AttachmentReport.Event = .added,
        address: String = "10.0.0.2"
    ) -> AttachmentReport {
        let attachment = ReportedAttachment(
            id: "a",
            network: "default/vf",
            interfaceName: "net1",
            result: ["cniVersion": "1.0.0", "ips": [["address": .string("\(address)/24")]]],
            deviceID: "0000:01:10.0"
        )
        return AttachmentReport(
            containerID: container,
            sequence: sequence,
            event: event,
            pod: PodReference(namespace: "default", name: "p", uid: "u"),
            attachments: event == .added ? [attachment] : []
        )
    }

    private func address(_ source: ScriptedSource) throws -> String? {
        guard let text = source.state.withLock({ $0.published["default/p"] }) ?? nil else { return nil }
        return try JSONValue(parsing: text).array?.first?["ips"]?.array?.first?.string
    }

    @Test func `a report becomes the pod's status`() async throws {
        let source = ScriptedSource()
        #expect(try await keeper(source).take(report("c1", 1)))
        let text = try #require(source.state.withLock { $0.published["default/p"] } ?? nil)
        let expected =
            #"[{"name":"default/vf","interface":"net1","ips":["10.0.0.2"],"dns":{},"device-info":{"type":"pci","#
            + #""version":"1.1.0","pci":{"pci-address":"0000:01:10.0","pf-pci-address":"0000:01:00.0"}}}]"#
        #expect(try JSONValue(parsing: text).text == expected)
    }

    @Test func `a report that is not newer changes nothing`() async throws {
        let source = ScriptedSource()
        let keeper = keeper(source)
        _ = try await keeper.take(report("c1", 2))
        #expect(try await keeper.take(report("c1", 2, address: "10.0.0.3")))
        #expect(try await keeper.take(report("c1", 1, .deleted)))
        #expect(try address(source) == "10.0.0.2")
        #expect(try await keeper.take(report("c1", 3, address: "10.0.0.4")))
        #expect(try address(source) == "10.0.0.4")
    }

    @Test func `a deletion takes the status back, and a late report does not bring it again`() async throws {
        let source = ScriptedSource()
        let keeper = keeper(source)
        _ = try await keeper.take(report("c1", 1))
        #expect(try await keeper.take(report("c1", 2, .deleted)))
        #expect(source.state.withLock { $0.published["default/p"] } == .some(nil))
        #expect(try await keeper.take(report("c1", 1)))
        #expect(await keeper.reports == [])
    }

    @Test func `the deletion of an old sandbox leaves the new one's status`() async throws {
        let source = ScriptedSource()
        let keeper = keeper(source)
        _ = try await keeper.take(report("c1", 1))
        _ = try await keeper.take(report("c2", 1, address: "10.0.0.7"))
        _ = try await keeper.take(report("c1", 2, .deleted))
        #expect(try address(source) == "10.0.0.7")
        #expect(await keeper.reports.map(\.containerID) == ["c2"])
    }

    @Test func `what could not be published is published later`() async throws {
        let source = ScriptedSource(.init(publishingFailures: 2))
        let keeper = keeper(source)
        #expect(try await keeper.take(report("c1", 1)) == false)
        #expect(await keeper.publishOutstanding() == 1)
        #expect(await keeper.publishOutstanding() == 0)
        #expect(try address(source) == "10.0.0.2")
        source.state.withLock { $0.publishingFailures = 1 }
        #expect(try await keeper.take(report("c1", 2, .deleted)) == false)
        #expect(await keeper.publishOutstanding() == 0)
        #expect(source.state.withLock { $0.published["default/p"] } == .some(nil))
    }

    @Test func `reports outlive the process`() async throws {
        let away = ScriptedSource(.init(publishingFailures: .max))
        _ = try await keeper(away).take(report("c1", 1))
        let source = ScriptedSource()
        let next = keeper(source)
        await next.load()
        #expect(await next.reports == [report("c1", 1)])
        #expect(await next.publishOutstanding() == 0)
        #expect(try address(source) == "10.0.0.2")
        _ = try await next.take(report("c1", 2, .deleted))
        #expect(try Directory.entries("\(directory.path)/reports") == [])
    }

    @Test func `a damaged report is passed over`() async throws {
        try Directory.create("\(directory.path)/reports")
        try directory.write("reports/c9.json", "{")
        let keeper = keeper(ScriptedSource())
        await keeper.load()
        #expect(await keeper.reports == [])
    }

    @Test(arguments: ["../c", "", "a/b"]) func `an ID that would lead elsewhere is refused`(id: String) async {
        await #expect(throws: NodeFailure.self) { try await keeper(ScriptedSource()).take(report(id, 1)) }
    }

    @Test func `a result that cannot be read leaves an entry without addresses`() async throws {
        let source = ScriptedSource()
        var report = report("c1", 1)
        report.attachments[0].result = ["cniVersion": "9.0.0"]
        #expect(try await keeper(source).take(report))
        #expect(try address(source) == nil)
    }

    /// A journal of a pod that has `net1`, with or without what the plugin answered.
    private func journal(_ state: StateDirectory, isAnswered: Bool) throws -> Journal {
        let record = AttachmentRecord(
            id: 0,
            network: "default/vf",
            networkName: "vf",
            interfaceName: "net1",
            cniVersion: "1.0.0",
            configuration: "{}",
            planID: "default/vf@net1",
            isDefault: true,
            kind: .delegate
        )
        if isAnswered {
            try state.results.write(
                ResultCache.Entry(
                    containerID: "c1",
                    networkName: "vf",
                    interfaceName: "net1",
                    configuration: "{}",
                    result: ["cniVersion": "1.0.0", "ips": [["address": "10.0.0.8/24"]]]
                )
            )
        }
        return Journal(
            containerID: "c1",
            sandbox: Sandbox(path: "/run/netns/c1", identity: NamespaceIdentity(device: 1, inode: 1)),
            bootID: "boot",
            pod: PodIdentity(namespace: "default", name: "p", uid: "u"),
            release: "0.1.0",
            attachments: [record]
        )
    }

    // The report is awaited a second; a daemon that was away must find out by itself.
    @Test func `a report that did not arrive is made up for from the journal`() async throws {
        let source = ScriptedSource()
        let keeper = keeper(source)
        let state = StateDirectory("\(directory.path)/state")
        await keeper.follow([try journal(state, isAnswered: false)], readAfter: .now, in: state)
        #expect(await keeper.reports == [])
        await keeper.follow([try journal(state, isAnswered: true)], readAfter: .now, in: state)
        #expect(try address(source) == "10.0.0.8")
        #expect(await keeper.reports.first?.attachments.first?.isDefault == true)
        #expect(await keeper.reports.first?.attachments.first?.id == "default/vf@net1")
        _ = try await keeper.take(report("c1", 1, address: "10.0.0.9"))
        #expect(try address(source) == "10.0.0.9")
    }

    @Test func `a deletion that was not reported is seen by the journal that is gone`() async throws {
        let source = ScriptedSource()
        let keeper = keeper(source)
        let state = StateDirectory("\(directory.path)/state")
        let before = ContinuousClock.now
        _ = try await keeper.take(report("c1", 1))
        await keeper.follow([], readAfter: before, in: state)
        #expect(await keeper.reports.count == 1, "it came after the journals were read")
        await keeper.follow([], readAfter: .now, in: state)
        #expect(await keeper.reports == [])
        #expect(await keeper.publishOutstanding() == 0)
        #expect(source.state.withLock { $0.published["default/p"] } == .some(nil))
    }
}
