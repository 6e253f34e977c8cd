// swift-tools-version: 6.2

import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// `PATCHBAY_FUZZ=1` makes another package of this one, which is at the end.
let isFuzzing = Context.environment["PATCHBAY_FUZZ"] == "1"
let instrumentation: [SwiftSetting] = isFuzzing ? [.unsafeFlags(["-sanitize=fuzzer,address"])] : []

/// Bytes in, values out: no I/O, no C, no Foundation, no unsafe pointer.
func pure(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        swiftSettings: house + [.strictMemorySafety()] + instrumentation
    )
}

/// The world behind one Swift interface: system calls, C libraries, sockets.
func edge(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

/// What the product does, put together from domain and edges.
func component(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: house)
}

/// Wiring, arguments and exit codes; nothing that a test would want.
func program(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    linkerSettings: [LinkerSetting] = []
) -> Target {
    .executableTarget(
        name: name,
        dependencies: dependencies,
        swiftSettings: house,
        linkerSettings: linkerSettings
    )
}

func tests(_ subject: String, _ more: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(subject)Tests",
        dependencies: [.byName(name: subject)] + more,
        swiftSettings: house
    )
}

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
]
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let wire: [Target] = [
    pure("Bytes"),
    pure("JSON"),
    pure("Protobuf", ["Bytes"]),
    pure("HPACK", ["Bytes"]),
    pure("HTTP2", ["Bytes", "HPACK"]),
    pure("GRPC", ["Bytes", "HPACK", "HTTP2"]),
]

let domain: [Target] = [
    pure("PCI"),
    pure("Addresses"),
    pure("KubeletAPI", ["Bytes", "Protobuf"]),
    pure("CNI", ["Addresses", "JSON"]),
    pure("NetworkSelection", ["Addresses", "JSON", "CNI", "KubernetesAPI"]),
    pure("KubernetesAPI", ["JSON"]),
    pure("NodeProtocol", ["JSON"]),
    pure("HardwareConfiguration", ["JSON", "PCI"]),
    pure("ResourcePools", ["JSON", "PCI", "KubeletAPI"]),
    pure("Attachments", ["Addresses", "JSON", "PCI"]),
]

let cEdge: [Target] = [
    .systemLibrary(name: "CLibPCI", pkgConfig: "libpci", providers: [.apt(["libpci-dev"])]),
    .systemLibrary(
        name: "CLibNL",
        pkgConfig: "libnl-route-3.0",
        providers: [.apt(["libnl-3-dev", "libnl-route-3-dev"])]
    ),
    .target(name: "CShims"),
    // Apart from CShims: libpci has no static archive, and CShims is linked into the static CNI program.
    .target(name: "CPCIGuard", dependencies: ["CLibPCI"]),
]

let edges: [Target] = [
    edge("LinuxSystem", ["CShims"]),
    edge("Netlink", ["Addresses", "CLibNL", "LinuxSystem"]),
    edge("AttachmentStore", ["Attachments", "CNI", "JSON", "PCI", "LinuxSystem"]),
    edge("NodeClient", ["NodeProtocol", "LinuxSystem"]),
    edge("PCIInventory", ["PCI", "LinuxSystem", "CLibPCI", "CPCIGuard"]),
    edge("YAMLDocuments", ["JSON", "HardwareConfiguration", "ResourcePools", "LinuxSystem", yams]),
    edge("GRPCTransport", ["Bytes", "HPACK", "HTTP2", "GRPC", logging] + nio),
]

let components: [Target] = [
    component(
        "HardwareReconciler",
        [
            "PCI", "HardwareConfiguration", "Attachments", "AttachmentStore", "PCIInventory", "LinuxSystem", "Netlink",
        ]
    ),
    component(
        "DevicePlugin",
        ["Protobuf", "KubeletAPI", "ResourcePools", "GRPC", "GRPCTransport", "LinuxSystem", logging] + nio
    ),
    component("Delegates", ["JSON", "CNI", "LinuxSystem"]),
    component(
        "SRIOVPlugin",
        ["Addresses", "JSON", "PCI", "CNI", "Attachments", "AttachmentStore", "LinuxSystem", "Netlink", "Delegates"]
    ),
    component(
        "MetaPlugin",
        [
            "JSON", "PCI", "CNI", "NodeProtocol", "NodeClient", "Attachments", "AttachmentStore", "LinuxSystem",
            "Netlink", "Delegates", "SRIOVPlugin",
        ]
    ),
    component(
        "NodeSurvey",
        [
            "Addresses", "PCI", "KubeletAPI", "NodeProtocol", "ResourcePools", "Attachments", "AttachmentStore",
            "LinuxSystem", "PCIInventory",
        ]
    ),
    component(
        "NodeAgent",
        [
            "Addresses", "JSON", "PCI", "CNI", "KubeletAPI", "KubernetesAPI", "NetworkSelection", "NodeProtocol",
            "ResourcePools", "Attachments", "AttachmentStore", "LinuxSystem", "YAMLDocuments", "GRPCTransport",
            "DevicePlugin", "NodeSurvey", logging,
        ] + nio
    ),
]

let programs: [Target] = [
    program(
        "patchbayd",
        [
            "NodeAgent", "NodeProtocol", "AttachmentStore", "LinuxSystem", "YAMLDocuments", arguments, logging,
        ]
    ),
    program(
        "patchbay-cni",
        ["MetaPlugin", "SRIOVPlugin", "CNI", "JSON", "LinuxSystem"],
        linkerSettings: [
            // Release only: a static executable cannot be linked with the test library or a sanitizer. Without its symbols
            // it has half the size.
            .unsafeFlags(
                ["-static-executable", "-Xlinker", "--gc-sections", "-Xlinker", "-s"],
                .when(configuration: .release)
            )
        ]
    ),
    program(
        "patchbay",
        [
            "NodeSurvey", "NodeProtocol", "NodeClient", "PCIInventory", "HardwareConfiguration",
            "HardwareReconciler", "ResourcePools", "Attachments", "AttachmentStore", "LinuxSystem", "YAMLDocuments",
            "JSON", "PCI", arguments,
        ]
    ),
]

let package = Package(
    name: "patchbay",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        // What swift-nio brings along, named so that the versions are ours to choose.
        .package(url: "https://github.com/apple/swift-atomics", exact: "1.3.0"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: wire + domain + cEdge + edges + components + programs + [
        .testTarget(name: "ArchitectureTests", swiftSettings: house),
        tests("HPACK"),
        tests("HTTP2", ["HPACK"]),
        tests("GRPC", ["HPACK", "HTTP2"]),
        tests("GRPCTransport", ["GRPC", logging]),
        .executableTarget(
            name: "interop-peer",
            dependencies: [
                "HPACK", "GRPC", "GRPCTransport", "Protobuf", "KubeletAPI", "PCI", "ResourcePools", "DevicePlugin",
                logging,
            ],
            path: "Tests/InteropPeer",
            swiftSettings: house
        ),
        tests("JSON"),
        tests("PCI"),
        tests("Addresses"),
        tests("Attachments", ["Addresses", "JSON", "PCI"]),
        .target(name: "Scratch", dependencies: ["LinuxSystem"], path: "Tests/Scratch", swiftSettings: house),
        tests("AttachmentStore", ["Attachments", "CNI", "JSON", "LinuxSystem", "PCI", "Scratch"]),
        tests(
            "SRIOVPlugin",
            ["Addresses", "Attachments", "AttachmentStore", "CNI", "JSON", "LinuxSystem", "PCI", "Scratch"]
        ),
        tests("NodeProtocol", ["JSON"]),
        tests("KubernetesAPI", ["JSON"]),
        tests("NetworkSelection", ["Addresses", "JSON", "CNI", "KubernetesAPI"]),
        tests(
            "NodeAgent",
            [
                "Addresses", "JSON", "PCI", "KubeletAPI", "KubernetesAPI", "NetworkSelection", "NodeProtocol",
                "ResourcePools", "Attachments", "AttachmentStore", "LinuxSystem", "NodeSurvey", "GRPC", "FakeSysfs",
                "Scratch", logging,
            ]
        ),
        tests(
            "NodeSurvey",
            [
                "Addresses", "JSON", "PCI", "ResourcePools", "Attachments", "AttachmentStore", "LinuxSystem",
                "FakeSysfs", "Scratch",
            ]
        ),
        tests("Protobuf"),
        tests("KubeletAPI", ["Protobuf"]),
        tests("ResourcePools", ["JSON", "PCI", "KubeletAPI"]),
        tests("DevicePlugin", ["Protobuf", "KubeletAPI", "PCI", "ResourcePools", logging]),
        tests("CNI", ["Addresses", "JSON"]),
        tests("LinuxSystem", ["Scratch"]),
        tests("Delegates", ["CNI", "JSON", "LinuxSystem"]),
        tests("MetaPlugin", ["Attachments", "AttachmentStore", "CNI", "JSON", "LinuxSystem", "NodeProtocol"]),
        tests("HardwareConfiguration", ["JSON", "PCI"]),
        tests("YAMLDocuments", ["JSON", "KubeletAPI", "HardwareConfiguration", "ResourcePools", "Scratch"]),
        .target(name: "FakeSysfs", dependencies: ["LinuxSystem"], path: "Tests/FakeSysfs", swiftSettings: house),
        tests("PCIInventory", ["FakeSysfs", "PCI"]),
        tests("patchbay", ["HardwareConfiguration", "PCI"]),
        tests(
            "HardwareReconciler",
            [
                "FakeSysfs", "HardwareConfiguration", "Attachments", "AttachmentStore", "PCI", "PCIInventory",
                "LinuxSystem",
            ]
        ),
        tests("Netlink", ["Addresses", "LinuxSystem"]),
    ]
)

// What reads the wire, instrumented, and the program that fuzzes it: no dependency, so it is built in a minute.
if isFuzzing {
    let fuzz = Target.executableTarget(
        name: "fuzz",
        dependencies: ["HPACK", "HTTP2", "GRPC", "Protobuf", "KubeletAPI", "JSON"],
        path: "Tests/Fuzz/Sources",
        swiftSettings: house + instrumentation + [.unsafeFlags(["-parse-as-library"])],
        linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
    )
    package.dependencies = []
    package.targets = wire + domain.filter { $0.name == "KubeletAPI" } + [fuzz]
}

// The program that Tests/Benchmarks drives.
if Context.environment["PATCHBAY_BENCH"] == "1" {
    package.targets.append(
        .executableTarget(
            name: "benchmark-peer",
            dependencies: ["Bytes", "HPACK", "HTTP2", "GRPC", "GRPCTransport", "Protobuf", "KubeletAPI", logging],
            path: "Tests/Benchmarks/Sources",
            swiftSettings: house
        )
    )
}
