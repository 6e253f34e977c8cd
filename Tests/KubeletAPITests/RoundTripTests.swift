import Protobuf
import Testing

@testable import KubeletAPI

/// Makes up messages of every type, with every field set or not.
struct MessageMaker {
    var generator = SystemRandomNumberGenerator()

    mutating func text() -> String {
        ["", "a", "0000:3b:02.1", "vendor.com/pool", "naïve 🧭", "\u{0}\n", String(repeating: "x", count: 300)]
            .randomElement(using: &generator) ?? ""
    }

    mutating func flag() -> Bool { Bool.random(using: &generator) }
    mutating func number() -> Int64 { [0, 1, 127, 128, -1, .max, .min].randomElement(using: &generator) ?? 0 }
    mutating func maybe<Value>(_ make: (inout MessageMaker) -> Value) -> Value? { flag() ? make(&self) : nil }

    mutating func list<Value>(_ make: (inout MessageMaker) -> Value) -> [Value] {
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in make(&self) }
    }

    mutating func map() -> [String: String] {
        Dictionary(list { ($0.text(), $0.text()) }, uniquingKeysWith: { $1 })
    }

    mutating func topology() -> TopologyInfo { TopologyInfo(nodes: list { NUMANode(id: $0.number()) }) }
    mutating func cdiDevice() -> CDIDevice { CDIDevice(name: text()) }

    mutating func registration() -> API.RegisterRequest {
        API.RegisterRequest(version: text(), endpoint: text(), resourceName: text(), options: maybe { $0.options() })
    }

    mutating func options() -> API.DevicePluginOptions {
        API.DevicePluginOptions(isPreStartRequired: flag(), isPreferredAllocationAvailable: flag())
    }

    mutating func devices() -> API.ListAndWatchResponse {
        API.ListAndWatchResponse(
            devices: list { API.Device(id: $0.text(), health: $0.text(), topology: $0.maybe { $0.topology() }) }
        )
    }

    mutating func preference() -> API.PreferredAllocationRequest {
        API.PreferredAllocationRequest(
            containerRequests: list {
                API.ContainerPreferredAllocationRequest(
                    availableDeviceIDs: $0.list { $0.text() },
                    mustIncludeDeviceIDs: $0.list { $0.text() },
                    allocationSize: Int32(truncatingIfNeeded: $0.number())
                )
            }
        )
    }

    mutating func allocation() -> API.AllocateResponse {
        API.AllocateResponse(
            containerResponses: list {
                API.ContainerAllocateResponse(
                    environment: $0.map(),
                    mounts: $0.list {
                        API.Mount(containerPath: $0.text(), hostPath: $0.text(), isReadOnly: $0.flag())
                    },
                    deviceNodes: $0.list {
                        API.DeviceSpec(containerPath: $0.text(), hostPath: $0.text(), permissions: $0.text())
                    },
                    annotations: $0.map(),
                    cdiDevices: $0.list { $0.cdiDevice() }
                )
            }
        )
    }

    mutating func memory() -> Pods.ContainerMemory {
        Pods.ContainerMemory(
            memoryType: text(),
            size: UInt64(bitPattern: number()),
            topology: maybe { $0.topology() }
        )
    }

    mutating func containerDevices() -> Pods.ContainerDevices {
        Pods.ContainerDevices(
            resourceName: text(),
            deviceIDs: list { $0.text() },
            topology: maybe { $0.topology() }
        )
    }

    mutating func claim() -> Pods.DynamicResource {
        Pods.DynamicResource(
            claimName: text(),
            claimNamespace: text(),
            claimResources: list {
                Pods.ClaimResource(
                    cdiDevices: $0.list { $0.cdiDevice() },
                    driverName: $0.text(),
                    poolName: $0.text(),
                    deviceName: $0.text(),
                    shareID: $0.maybe { $0.text() }
                )
            }
        )
    }

    mutating func pods() -> Pods.ListPodResourcesResponse {
        Pods.ListPodResourcesResponse(
            podResources: list {
                Pods.PodResources(
                    name: $0.text(),
                    namespace: $0.text(),
                    containers: $0.list {
                        Pods.ContainerResources(
                            name: $0.text(),
                            devices: $0.list { $0.containerDevices() },
                            cpuIDs: $0.list { $0.number() },
                            memory: $0.list { $0.memory() },
                            dynamicResources: $0.list { $0.claim() }
                        )
                    },
                    cpuIDs: $0.list { $0.number() },
                    memory: $0.list { $0.memory() }
                )
            }
        )
    }

    mutating func allocatable() -> Pods.AllocatableResourcesResponse {
        Pods.AllocatableResourcesResponse(
            devices: list { $0.containerDevices() },
            cpuIDs: list { $0.number() },
            memory: list { $0.memory() }
        )
    }

    mutating func plugin() -> PluginRegistrationV1.PluginInfo {
        PluginRegistrationV1.PluginInfo(
            type: text(),
            name: text(),
            endpoint: text(),
            supportedVersions: list { $0.text() }
        )
    }
}

@Suite struct RoundTripTests {
    @Test func `made-up messages come back as they were`() throws {
        var maker = MessageMaker()
        for _ in 0..<300 {
            try expectReturn(maker.registration())
            try expectReturn(maker.devices())
            try expectReturn(maker.preference())
            try expectReturn(maker.allocation())
            try expectReturn(maker.pods())
            try expectReturn(maker.allocatable())
            try expectReturn(maker.plugin())
        }
    }

    private func expectReturn(_ message: some ProtobufMessage) throws {
        let bytes = message.encoded()
        #expect(try decode(bytes, like: message) == message)
    }

    private func decode<Message: ProtobufMessage>(_ bytes: [UInt8], like: Message) throws -> Message {
        try Message(decoding: bytes)
    }
}
