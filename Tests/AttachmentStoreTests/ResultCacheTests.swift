import CNI
import Foundation
import JSON
import LinuxSystem
import Scratch
import Testing

@testable import AttachmentStore

@Suite struct ResultCacheTests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `base64 is as the standard has it, both ways`(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test(arguments: ["Z", "Zg=", "Z===", "Zg==Zg==", "Zm9 ", "Zm9-"])
    func `what is no base64 is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test func `every byte survives`() {
        let bytes = (0...255).map(UInt8.init)
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
    }

    @Test func `an entry is kept in the reference library's format and found again`() throws {
        let directory = try TemporaryDirectory()
        let cache = StateDirectory(directory.path).results
        let entry = ResultCache.Entry(
            containerID: "c1",
            networkName: "data",
            interfaceName: "net1",
            configuration: #"{"type":"x"}"#,
            namespacePath: "/run/netns/a",
            arguments: try CNIArguments(parsing: "A=1;B="),
            runtimeConfig: ["mac": "02:00:00:00:00:01"],
            result: ["cniVersion": "1.0.0"]
        )
        try cache.write(entry)
        let bytes = try File.read(directory("results/data-c1-net1"), limit: 4096)
        #expect(
            try JSONValue(parsing: bytes) == [
                "kind": "cniCacheV1", "containerId": "c1", "config": "eyJ0eXBlIjoieCJ9", "ifName": "net1",
                "networkName": "data", "netns": "/run/netns/a", "cniArgs": [["A", "1"], ["B", ""]],
                "capabilityArgs": ["mac": "02:00:00:00:00:01"], "result": ["cniVersion": "1.0.0"],
            ]
        )
        #expect(cache.read(networkName: "data", containerID: "c1", interfaceName: "net1") == entry)
        #expect(try cache.entries(containerID: "c1") == [entry])
        #expect(try cache.entries(containerID: "c").isEmpty)
        try cache.remove(networkName: "data", containerID: "c1", interfaceName: "net1")
        #expect(try cache.entries(containerID: "c1").isEmpty)
    }
}
