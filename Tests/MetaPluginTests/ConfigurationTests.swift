import CNI
import Foundation
import JSON
import Testing

@testable import MetaPlugin

@Suite struct MetaConfigurationTests {
    @Test func `a configuration of the incumbent is understood`() throws {
        // The shipped thick configuration with the keys that only mean something to its own programs.
        let configuration = try MetaConfiguration([
            "capabilities": ["portMappings": true], "cniVersion": "0.3.1", "logLevel": "verbose", "logToStderr": true,
            "name": "multus-cni-network", "clusterNetwork": "/host/etc/cni/net.d/10-calico.conflist",
            "type": "multus-shim", "socketDir": "/host/run/multus/", "kubeconfig": "/etc/x",
        ])
        #expect(configuration.type == "multus-shim")
        #expect(configuration.version == .v0_3_1)
        #expect(configuration.defaultNetwork == .reference("/host/etc/cni/net.d/10-calico.conflist"))
        #expect(configuration.programFolder == "/opt/cni/bin")
        #expect(configuration.annotations == nil)
    }

    @Test func `everything that is wrong is told at once, with code 7`() {
        let error = #expect(throws: CNIError.self) {
            try MetaConfiguration([
                "type": "patchbay", "timeoutSeconds": 0, "binDir": 1,
                "runtimeConfig": ["io.kubernetes.cri.pod-annotations": ["a": 1]],
            ])
        }
        #expect(error?.code == .invalidConfiguration)
        for word in ["name", "timeoutSeconds", "binDir", "pod-annotations.a", "clusterNetwork"] {
            #expect(error?.message.contains(word) == true, "\(word)")
        }
    }

    @Test func `our own programs come before those of the runtime's path, each once`() throws {
        let configuration = try MetaConfiguration(["name": "a", "type": "b", "clusterNetwork": "c", "binDir": "/x"])
        let call = CNIInvocation(
            command: .status,
            containerID: "",
            networkNamespace: nil,
            interfaceName: "",
            pluginPath: ["/y", "/x", "/z"]
        )
        #expect(configuration.searchPath(call) == ["/x", "/y", "/z"])
    }
}

@Suite struct DefaultNetworkTests {
    let folder: String

    init() throws {
        folder = "/tmp/meta-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: "\(folder)/data", withIntermediateDirectories: true)
    }

    func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
    }

    func load(_ reference: String) throws -> NetworkDocument {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let configuration = try MetaConfiguration([
            "cniVersion": "1.0.0", "name": "outer", "type": "patchbay", "clusterNetwork": .string(reference),
            "confDir": .string(folder),
        ])
        return try configuration.loadDefaultNetwork()
    }

    @Test func `a file is read as it is`() throws {
        try write("10-a.conf", #"{"name":"a","type":"bridge","n":1.50}"#)
        let document = try load("\(folder)/10-a.conf")
        #expect(document.text == #"{"name":"a","type":"bridge","n":1.50}"#)
        #expect(document.network.version == .v1_0_0)
    }

    @Test func `of a folder the first file by name counts that can be read and is not our own`() throws {
        try write("00-patchbay.conf", #"{"name":"a","type":"patchbay","clusterNetwork":"x"}"#)
        try write("01-empty.conf", "")
        try write("02-other.txt", #"{"name":"b","type":"bridge"}"#)
        try write("10-c.conflist", #"{"name":"c","plugins":[{"type":"bridge"}]}"#)
        try write("20-d.conf", #"{"name":"d","type":"bridge"}"#)
        #expect(try load(folder).network.name == "c")
    }

    @Test func `a list brings the plugins of the folder named like it, for the DEL too`() throws {
        try write("10-data.conflist", #"{"name":"data","plugins":[{"type":"bridge"}]}"#)
        try write("data/20-b.conf", #"{"type":"bandwidth"}"#)
        try write("data/10-a.conf", #"{"type":"tuning"}"#)
        try write("data/readme", "x")
        let document = try load("\(folder)/10-data.conflist")
        #expect(document.network.plugins.map(\.type) == ["bridge", "tuning", "bandwidth"])
        let again = try NetworkConfigurationList(try JSONValue(parsing: document.text), folderPlugins: [["type": "x"]])
        #expect(again.plugins.map(\.type) == ["bridge", "tuning", "bandwidth"])
    }

    @Test func `a name is looked up by what the files say`() throws {
        try write("10-x.conf", #"{"name":"a","type":"bridge"}"#)
        try write("20-y.conf", #"{"name":"wanted","type":"ptp"}"#)
        #expect(try load("wanted").network.plugins.map(\.type) == ["ptp"])
    }

    @Test func `a reference that leads nowhere or to ourselves is refused`() throws {
        try write("10-x.conf", #"{"name":"a","type":"patchbay"}"#)
        try write("20-y.conf", "{")
        for reference in ["other", "\(folder)/10-x.conf", "\(folder)/20-y.conf", "\(folder)/30-z.conf"] {
            let configuration = try MetaConfiguration([
                "name": "outer", "type": "patchbay", "clusterNetwork": .string(reference), "confDir": .string(folder),
            ])
            #expect(throws: CNIError.self, "\(reference)") { try configuration.loadDefaultNetwork() }
        }
        try FileManager.default.removeItem(atPath: folder)
    }
}
