import AttachmentStore
import Attachments
import LinuxSystem
import PCI
import Scratch
import Testing

@testable import NodeSurvey

@Suite struct FunctionClaimsTests {
    private let directory: TemporaryDirectory
    private let state: StateDirectory

    init() throws {
        directory = try TemporaryDirectory()
        state = StateDirectory("\(directory.path)/state")
        try state.create()
    }

    /// A journal whose "namespace" is a file of the test's.
    private func write(container: String, bootID: String = "boot", path: String, identity: FileIdentity?) throws {
        let address = try #require(PCIAddress("0000:01:10.0"))
        let journal = Journal(
            containerID: container,
            sandbox: Sandbox(
                path: path,
                identity: NamespaceIdentity(device: identity?.device ?? 0, inode: identity?.inode ?? 0)
            ),
            bootID: bootID,
            pod: PodIdentity(namespace: "default", name: "p", uid: "u-\(container)"),
            release: "0.1.0",
            attachments: [
                AttachmentRecord(
                    id: 0,
                    network: "default/vf",
                    networkName: "vf",
                    interfaceName: "net1",
                    cniVersion: "1.0.0",
                    configuration: "{}",
                    kind: .function(
                        FunctionRecord(
                            address: address,
                            physicalFunction: nil,
                            virtualFunctionIndex: nil,
                            driver: nil,
                            originals: FunctionState()
                        )
                    )
                )
            ]
        )
        try state.write(journal)
    }

    @Test func `a claim lives as long as its namespace, in its boot`() throws {
        try directory.write("ns", "")
        let path = "\(directory.path)/ns"
        let identity = try File.identity(path)
        try write(container: "c1", path: path, identity: identity)
        let live = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(live.claims.values.map(\.isLive) == [true])
        #expect(live.ownerUIDs == ["0000:01:10.0": "u-c1"])
        #expect(!live.needsRepair)
        let rebooted = try FunctionClaims(state.entries(), bootID: "other")
        #expect(rebooted.abandoned == ["c1"])
        try File.remove(path)
        let gone = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(gone.claims.values.map(\.isLive) == [false])
        #expect(gone.ownerUIDs == [:])
        #expect(gone.needsRepair)
    }

    @Test func `of two claims on a function the live one counts`() throws {
        try directory.write("ns", "")
        let path = "\(directory.path)/ns"
        try write(container: "a", path: path, identity: try File.identity(path))
        try write(container: "b", path: "\(directory.path)/gone", identity: nil)
        let claims = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(claims.claims.values.map(\.owner.containerID) == ["a"])
        #expect(claims.abandoned == ["b"])
    }

    @Test func `a damaged journal is told and not repaired blindly`() throws {
        try directory.write("state/journal/c7.json", "{")
        let claims = try FunctionClaims(state.entries(), bootID: "boot")
        #expect(claims.damaged == ["c7"])
        #expect(!claims.needsRepair)
    }
}
