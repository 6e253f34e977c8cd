import Foundation
import HardwareConfiguration
import JSON
import ResourcePools
import Testing
import YAMLDocuments

/// The files of `hwconfig/`, as a person finds them.
@Suite struct ReadyConfigurationTests {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../hwconfig").standardized

    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.sorted()

    @Test func `the files are found`() {
        #expect(Self.files.contains("lab.yaml"))
        #expect(Self.files.count >= 4)
    }

    @Test(arguments: files) func `a ready file is right and declares NICs and pools`(name: String) throws {
        let text = try String(contentsOf: Self.directory.appendingPathComponent(name), encoding: .utf8)
        #expect(text.hasPrefix("# "), "says first what it is for")
        let document = try HardwareDocument(reading: try YAMLText.document(text))
        #expect(!document.nics.isEmpty)
        let read = PoolList.read(.array(document.pools), at: document.poolsKey)
        #expect(read.problems == [])
        #expect(!read.list.pools.isEmpty)
    }

    @Test func `the incumbent's file is read as it is`() throws {
        // sriov-network-device-plugin, README, "Configurations": resourceList, no NICs.
        let text = """
            {"resourceList": [{"resourceName": "intel_sriov_netdevice",
              "selectors": {"vendors": ["8086"], "devices": ["154c"], "pfNames": ["enp0s0f0#0-3,5"]}}]}
            """
        let document = try HardwareDocument(reading: try YAMLText.document(text))
        #expect(document.nics.isEmpty)
        #expect(PoolList.read(.array(document.pools), at: document.poolsKey).problems == [])
    }
}
