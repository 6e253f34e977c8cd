import KubeletAPI
import ResourcePools
import Scratch
import Testing
import YAMLDocuments

@Suite struct HardwareFileTests {
    @Test func `everything wrong is told with its place`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "c.yaml",
            "pools:\n- resourceName: a\n  selectors: {vendors: [x]}\n- resourcename: b\nnics: 7\n"
        )
        do {
            _ = try HardwareFile("\(directory.path)/c.yaml")
            Issue.record("was read")
        } catch {
            #expect(error.problems.count >= 3)
            #expect(error.problems.contains { $0.hasPrefix("pools[0].selectors.vendors[0]") })
            #expect(error.problems.contains { $0.hasPrefix("nics") })
        }
    }

    @Test(arguments: ["a: [", "\u{0}"]) func `what is no YAML is told`(text: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("c.yaml", text)
        #expect(throws: HardwareFileError.self) { try HardwareFile("\(directory.path)/c.yaml") }
        #expect(throws: HardwareFileError.self) { try HardwareFile("\(directory.path)/none.yaml") }
    }

    // The incumbent device plugin's form.
    @Test func `a config.json is read as it is`() throws {
        let directory = try TemporaryDirectory()
        try directory.write(
            "config.json",
            #"{"resourceList":[{"resourceName":"intel_sriov","selectors":{"vendors":["8086"],"drivers":["iavf"]}}]}"#
        )
        let pools = try HardwareFile("\(directory.path)/config.json").pools
        #expect(pools.pools.map(\.resource.description) == ["intel.com/intel_sriov"])
    }
}
