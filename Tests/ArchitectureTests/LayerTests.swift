import Testing

/// Which of our targets each target may import; what is not named here may not be imported.
///
/// The table is the design's: wire below domain below edges below components below programs.
private let allowedImports: [String: Set<String>] = {
    let wire: Set<String> = ["Bytes", "JSON", "Protobuf", "HPACK", "HTTP2", "GRPC"]
    let domain: Set<String> = [
        "Addresses", "PCI", "KubeletAPI", "CNI", "NetworkSelection", "KubernetesAPI", "HardwareConfiguration",
        "ResourcePools", "Attachments", "NodeProtocol",
    ]
    let edges: Set<String> = [
        "LinuxSystem", "Netlink", "AttachmentStore", "NodeClient", "PCIInventory", "YAMLDocuments", "GRPCTransport",
    ]
    let cEdge: Set<String> = ["CLibPCI", "CLibNL", "CShims", "CPCIGuard"]
    let components: Set<String> = [
        "DevicePlugin", "Delegates", "HardwareReconciler", "SRIOVPlugin", "MetaPlugin", "NodeSurvey", "NodeAgent",
    ]
    var table: [String: Set<String>] = [
        "Bytes": [], "JSON": [], "Protobuf": ["Bytes"], "HPACK": ["Bytes"], "HTTP2": ["Bytes", "HPACK"],
        "GRPC": ["Bytes", "HPACK", "HTTP2"],
    ]
    for name in domain { table[name] = wire.union(domain) }
    for name in edges { table[name] = wire.union(domain).union(cEdge).union(["LinuxSystem"]) }
    for name in components { table[name] = wire.union(domain).union(edges) }
    table["SRIOVPlugin"]?.insert("Delegates")
    table["MetaPlugin"]?.formUnion(["Delegates", "SRIOVPlugin"])
    table["NodeAgent"]?.formUnion(["DevicePlugin", "NodeSurvey"])
    for name in ["patchbay", "patchbayd", "patchbay-cni"] {
        table[name] = wire.union(domain).union(edges).union(components)
    }
    return table
}()

private let pureTargets: Set<String> = [
    "Bytes", "JSON", "Protobuf", "HPACK", "HTTP2", "GRPC", "Addresses", "PCI", "KubeletAPI", "CNI", "NetworkSelection",
    "KubernetesAPI", "HardwareConfiguration", "ResourcePools", "Attachments", "NodeProtocol",
]

/// What the static CNI program is made of; nothing else may come into it.
private let linkedIntoCNIProgram: Set<String> = [
    "LinuxSystem", "Netlink", "AttachmentStore", "NodeClient", "Delegates", "SRIOVPlugin", "MetaPlugin",
    "patchbay-cni",
]

@Suite struct LayerTests {
    private let tree: SourceTree
    private let ours: Set<String>

    init() throws {
        tree = try SourceTree()
        ours = tree.targets.union(["CLibPCI", "CLibNL", "CShims", "CPCIGuard"])
    }

    @Test func `the sources are found`() {
        #expect(tree.files.count > 20)
    }

    @Test func `every target stands in the table`() {
        for target in tree.targets { #expect(allowedImports[target] != nil, "\(target) has no row") }
    }

    @Test func `a target imports only what stands below it`() {
        for file in tree.files {
            let allowed = allowedImports[file.target, default: []]
            for module in file.imports where ours.contains(module) {
                #expect(allowed.contains(module), "\(file) imports \(module)")
            }
        }
    }

    @Test func `pure targets import nothing of the system`() {
        for file in tree.files where pureTargets.contains(file.target) {
            for module in file.imports { #expect(ours.contains(module), "\(file) imports \(module)") }
        }
    }

    @Test func `the CNI program has no Foundation, no NIO, no log and no task`() {
        let banned: Set<String> = [
            "Foundation", "FoundationEssentials", "NIOCore", "NIOPosix", "Logging", "ArgumentParser",
        ]
        let concurrency = /\b(async|await|actor|Task)\b(?!.*\/\/)/
        for file in tree.files where linkedIntoCNIProgram.contains(file.target) {
            for module in file.imports { #expect(!banned.contains(module), "\(file) imports \(module)") }
            for line in file.lines where !line.contains("//") {
                #expect(line.firstMatch(of: concurrency) == nil, "\(file): \(line)")
            }
        }
    }

    @Test func `only the C edge changes namespaces`() throws {
        let all = try SourceTree(suffixes: [".swift", ".c", ".h"])
        for file in all.files where file.target != "CShims" {
            for line in file.lines where !line.contains("//") {
                #expect(!line.contains("setns("), "\(file): \(line)")
            }
        }
    }
}
