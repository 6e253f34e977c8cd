import AttachmentStore
import Attachments
import Glibc
import LinuxSystem
import PCI
import Scratch
import Testing

@Suite struct StateDirectoryTests {
    private let directory: TemporaryDirectory
    let state: StateDirectory

    init() throws {
        directory = try TemporaryDirectory()
        state = StateDirectory(directory.path)
        try state.create()
    }

    private func journal(_ containerID: String, device: String = "0000:01:10.0") -> Journal {
        Journal(
            containerID: containerID,
            sandbox: Sandbox(path: "/n", identity: NamespaceIdentity(device: 4, inode: 1)),
            bootID: "b",
            release: "0.1.0",
            attachments: [
                AttachmentRecord(
                    id: 0,
                    network: "n",
                    networkName: "n",
                    interfaceName: "net1",
                    cniVersion: "1.0.0",
                    configuration: "{}",
                    deviceID: device,
                    kind: .delegate
                )
            ]
        )
    }

    @Test func `a journal that was written is there until it is removed`() throws {
        #expect(try state.journal(containerID: "a") == nil)
        try state.write(journal("a"))
        #expect(try state.journal(containerID: "a") == journal("a"))
        try state.removeJournal(containerID: "a")
        try state.removeJournal(containerID: "a")
        #expect(try state.journal(containerID: "a") == nil)
    }

    @Test func `journals are root's alone`() throws {
        try state.write(journal("a"))
        for (path, mode) in [("", 0o700), ("/journal", 0o700), ("/journal/a.json", 0o600)] as [(String, mode_t)] {
            var status = stat()
            try #require(stat(state.path + path, &status) == 0)
            #expect(status.st_mode & 0o777 == mode, "\(path)")
        }
    }

    @Test func `a damaged journal is an error and can be put aside`() throws {
        try File.write(Array(#"{"schema":1,"#.utf8), to: "\(state.path)/journal/a.json")
        let error = #expect(throws: StoreError.self) { try state.journal(containerID: "a") }
        guard case .damaged(let path, .notJSON) = error else { throw Unexpected(error: error) }
        #expect(path == "\(state.path)/journal/a.json")
        guard case .damaged("a", _) = try state.entries().first else { throw Unexpected(error: error) }
        try state.putAside(containerID: "a")
        #expect(try state.journal(containerID: "a") == nil)
        #expect(try File.exists("\(state.path)/damaged/a.json"))
        try state.putAside(containerID: "a")
    }

    @Test func `an ID that would lead elsewhere is refused`() {
        #expect(throws: StoreError.self) { try state.journal(containerID: "../baseline/x") }
        #expect(throws: StoreError.self) { try state.removeJournal(containerID: "../x") }
        #expect(throws: SystemError.self) { _ = try state.lock(containerID: "a/b", until: .now) }
    }

    @Test func `journals are found by the address in them, damaged ones too`() throws {
        try state.write(journal("a"))
        try state.write(journal("b", device: "0000:01:10.2"))
        try File.write(Array(#"{"schema":1,"x":"0000:01:10.2"#.utf8), to: "\(state.path)/journal/c.json")
        try File.write([], to: "\(state.path)/journal/.a.json.99")
        let address = try #require(PCIAddress("0000:01:10.2"))
        let found = try state.entries(naming: address)
        #expect(found.count == 2)
        #expect(found.first == .journal(journal("b", device: "0000:01:10.2")))
        #expect(try state.entries().count == 3)
    }

    @Test func `before anything was written there is nothing`() throws {
        let empty = StateDirectory(state.path + "/none")
        #expect(try empty.entries().isEmpty)
        #expect(try empty.journal(containerID: "a") == nil)
        #expect(try empty.baseline(try #require(PCIAddress("0000:01:10.0"))) == nil)
    }

    @Test func `a baseline that was written is there`() throws {
        let address = try #require(PCIAddress("0000:01:10.0"))
        let baseline = Baseline(address: address, bootID: "b", state: FunctionState())
        try state.write(baseline)
        #expect(try state.baseline(address) == baseline)
        try File.write([0x7b], to: "\(state.path)/baseline/\(Baseline.fileName(address))")
        #expect(throws: StoreError.self) { try state.baseline(address) }
    }

    @Test func `a container is locked once, and its lock can go while it is held`() throws {
        let lock = try state.lock(containerID: "a", until: .now)
        let error = #expect(throws: SystemError.self) { _ = try state.lock(containerID: "a", until: .now) }
        #expect(error?.errno == ETIMEDOUT)
        _ = try state.lock(containerID: "b", until: .now)
        try state.removeLock(containerID: "a")
        _ = consume lock
        _ = try state.lock(containerID: "a", until: .now)
    }

    @Test func `the environment moves the directory`() {
        #expect(StateDirectory(environment: [:]).path == "/var/lib/patchbay")
        #expect(StateDirectory(environment: ["PATCHBAY_STATE_DIRECTORY": "/x"]).path == "/x")
        #expect(StateDirectory(environment: ["PATCHBAY_STATE_DIRECTORY": ""]).path == "/var/lib/patchbay")
    }
}

private struct Unexpected: Error {
    let error: StoreError?
}
