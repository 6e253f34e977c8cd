import Protobuf
import Testing

@testable import KubeletAPI

typealias API = DevicePluginV1Beta1
typealias Pods = PodResourcesV1

/// A value and its bytes, checked in both directions.
struct Vector: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let hex: String
    private let encode: @Sendable () -> [UInt8]
    private let decodesBack: @Sendable ([UInt8]) throws -> Bool
    private let decodes: @Sendable ([UInt8]) throws -> Void

    init(_ name: String, _ hex: String, _ message: some ProtobufMessage) {
        self.testDescription = name
        self.hex = hex
        self.encode = { message.encoded() }
        self.decodesBack = { try Self.decode($0, like: message) == message }
        self.decodes = { _ = try Self.decode($0, like: message) }
    }

    func encoded() -> [UInt8] { encode() }
    func isDecoded(from bytes: [UInt8]) throws -> Bool { try decodesBack(bytes) }
    func decode(_ bytes: [UInt8]) throws { try decodes(bytes) }

    private static func decode<Message: ProtobufMessage>(
        _ bytes: [UInt8],
        like: Message
    ) throws(ProtobufError) -> Message {
        try Message(decoding: bytes)
    }
}

/// Hexadecimal digits, with spaces where the structure has a joint.
func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.filter { $0 != " " }
    return stride(from: 0, to: digits.count, by: 2).map { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return UInt8(digits[start...].prefix(2), radix: 16) ?? 0
    }
}

func onNode(_ node: Int64) -> TopologyInfo { TopologyInfo(nodes: [NUMANode(id: node)]) }

@Suite struct GoldenVectorTests {
    // Made with Python protobuf 7.36 from the published protos (device plugin v1beta1, podresources v1 and
    // pluginregistration v1 of Kubernetes 1.36).
    static let vectors: [Vector] =
        [
            Vector(
                "registration with both options",
                "0a07763162657461311206612e736f636b1a07782e696f2f7666220408011001",
                API.RegisterRequest(
                    version: "v1beta1",
                    endpoint: "a.sock",
                    resourceName: "x.io/vf",
                    options: API.DevicePluginOptions(isPreStartRequired: true, isPreferredAllocationAvailable: true)
                )
            ),
            Vector(
                "registration with options that are all false",
                "0a07763162657461311206612e736f636b1a07782e696f2f76662200",
                API.RegisterRequest(
                    version: "v1beta1",
                    endpoint: "a.sock",
                    resourceName: "x.io/vf",
                    options: API.DevicePluginOptions()
                )
            ),
            Vector(
                "both options",
                "08011001",
                API.DevicePluginOptions(isPreStartRequired: true, isPreferredAllocationAvailable: true)
            ),
            Vector("no option", "", API.DevicePluginOptions()),
            Vector("nothing", "", API.Empty()),
            Vector(
                "a list of devices with and without topology",
                "0a1b0a0c303030303a30303a30302e3112074865616c7468791a020a00"
                    + "0a1f0a0c303030303a30303a30302e321209556e6865616c7468791a040a020801"
                    + "0a0c0a016212074865616c746879",
                API.ListAndWatchResponse(devices: [
                    API.Device(id: "0000:00:00.1", health: API.healthy, topology: onNode(0)),
                    API.Device(id: "0000:00:00.2", health: API.unhealthy, topology: onNode(1)),
                    API.Device(id: "b", health: API.healthy),
                ])
            ),
            Vector(
                "a device with a topology of no nodes",
                "0a016212074865616c7468791a00",
                API.Device(id: "b", health: API.healthy, topology: TopologyInfo())
            ),
            Vector(
                "NUMA node -1",
                "08ffffffffffffffffff01",
                NUMANode(id: -1)
            ),
        ] + allocationVectors + podResourcesVectors + registrationVectors

    static let allocationVectors: [Vector] = [
        Vector(
            "allocation for one container",
            "0a060a01610a0162",
            API.AllocateRequest(containerRequests: [API.ContainerAllocateRequest(deviceIDs: ["a", "b"])])
        ),
        Vector(
            "an allocation with everything",
            "0a400a060a014b120156120a0a022f6312022f6818011a140a062f6465762f6312062f6465762f681a0272"
                + "7722060a01611201622a0c0a0a762e696f2f6e65743d30",
            API.AllocateResponse(containerResponses: [
                API.ContainerAllocateResponse(
                    environment: ["K": "V"],
                    mounts: [API.Mount(containerPath: "/c", hostPath: "/h", isReadOnly: true)],
                    deviceNodes: [
                        API.DeviceSpec(containerPath: "/dev/c", hostPath: "/dev/h", permissions: "rw")
                    ],
                    annotations: ["a": "b"],
                    cdiDevices: [CDIDevice(name: "v.io/net=0")]
                )
            ])
        ),
        Vector(
            "an allocation of nothing",
            "0a00",
            API.AllocateResponse(containerResponses: [API.ContainerAllocateResponse()])
        ),
        Vector("an empty variable", "0a050a01451200", API.ContainerAllocateResponse(environment: ["E": ""])),
        Vector(
            "a question for a preference",
            "0a0e0a01610a01620a01631201621802",
            API.PreferredAllocationRequest(containerRequests: [
                API.ContainerPreferredAllocationRequest(
                    availableDeviceIDs: ["a", "b", "c"],
                    mustIncludeDeviceIDs: ["b"],
                    allocationSize: 2
                )
            ])
        ),
        Vector(
            "a preference",
            "0a060a01620a0161",
            API.PreferredAllocationResponse(containerResponses: [
                API.ContainerPreferredAllocationResponse(deviceIDs: ["b", "a"])
            ])
        ),
        Vector("a container about to start", "0a0161", API.PreStartContainerRequest(deviceIDs: ["a"])),
    ]

    static let podResourcesVectors: [Vector] = [
        Vector("processors", "1a0400018201", Pods.ContainerResources(name: "", cpuIDs: [0, 1, 130])),
        Vector(
            "a pod with everything",
            "0a5d0a017012016e1a550a016312100a07782e696f2f76661201611a020a001a040001820122140a066d656d6f727910808080"
                + "80041a040a0208012a221202636e1a016e22190a0c0a0a762e696f2f6e65743d301201641a01702201782a00",
            Pods.ListPodResourcesResponse(podResources: [
                Pods.PodResources(name: "p", namespace: "n", containers: [containerWithEverything])
            ])
        ),
        Vector("one pod", "0a017012016e", Pods.GetPodResourcesRequest(podName: "p", podNamespace: "n")),
    ]

    static let containerWithEverything = Pods.ContainerResources(
        name: "c",
        devices: [Pods.ContainerDevices(resourceName: "x.io/vf", deviceIDs: ["a"], topology: onNode(0))],
        cpuIDs: [0, 1, 130],
        memory: [Pods.ContainerMemory(memoryType: "memory", size: 1 << 30, topology: onNode(1))],
        dynamicResources: [
            Pods.DynamicResource(
                claimName: "cn",
                claimNamespace: "n",
                claimResources: [
                    Pods.ClaimResource(
                        cdiDevices: [CDIDevice(name: "v.io/net=0")],
                        driverName: "d",
                        poolName: "p",
                        deviceName: "x",
                        shareID: ""
                    )
                ]
            )
        ]
    )

    static let registrationVectors: [Vector] = [
        Vector(
            "who the plugin is",
            "0a0c446576696365506c7567696e1207782e696f2f76661a022f65220776316265746131",
            PluginRegistrationV1.PluginInfo(
                type: PluginRegistrationV1.devicePluginType,
                name: "x.io/vf",
                endpoint: "/e",
                supportedVersions: [API.version]
            )
        ),
        Vector("a registration that stands", "0801", PluginRegistrationV1.RegistrationStatus(isPluginRegistered: true)),
        Vector(
            "a registration that failed",
            "12026e6f",
            PluginRegistrationV1.RegistrationStatus(isPluginRegistered: false, error: "no")
        ),
    ]

    @Test(arguments: vectors)
    func `a message is written as the reference implementation writes it`(vector: Vector) {
        #expect(vector.encoded() == bytes(vector.hex))
    }

    @Test(arguments: vectors)
    func `what the reference implementation wrote is read back`(vector: Vector) throws {
        #expect(try vector.isDecoded(from: bytes(vector.hex)))
    }

    @Test(arguments: vectors)
    func `any beginning of a message is read or refused`(vector: Vector) {
        let whole = bytes(vector.hex)
        var refused = 0
        for end in 0..<whole.count {
            do { try vector.decode(Array(whole[..<end])) } catch { refused += 1 }
        }
        #expect(whole.isEmpty || refused > 0)
    }

    // Fields 4 and 5 of a pod are sent by Kubernetes 1.37; 9 and 100 by nobody yet.
    @Test func `fields of a later version do no harm`() throws {
        let pod = try Pods.PodResources(decoding: bytes("0a0170 12016e 22020001 2a080a066d656d6f7279 4801 a20600"))
        #expect(pod.name == "p")
        #expect(pod.cpuIDs == [0, 1])
        #expect(pod.memory == [Pods.ContainerMemory(memoryType: "memory")])
    }

    @Test func `an allocation without a container is not one with an empty container`() throws {
        #expect(API.AllocateResponse().encoded() == [])
        #expect(try API.AllocateResponse(decoding: bytes("0a00")).containerResponses.count == 1)
    }
}
