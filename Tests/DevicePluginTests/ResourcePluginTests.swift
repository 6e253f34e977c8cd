import KubeletAPI
import Logging
import PCI
import Protobuf
import ResourcePools
import Testing

@testable import DevicePlugin

@Suite struct ResourcePluginTests {
    private let plugin: ResourcePlugin
    private let pool: PoolDeclaration

    init() throws {
        pool = PoolDeclaration(resource: try ResourceName("x.io/vf"))
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        plugin = ResourcePlugin(
            PoolAssignment(pool: pool, devices: [try device("0000:01:10.0")]),
            in: KubeletDirectory(path: "/nonexistent", logger: logger),
            names: SocketNames(),
            allowedUserIDs: [0],
            logger: logger
        )
    }

    @Test func `a stream begins with the list there is, and a slow reader gets the newest`() async throws {
        var lists = await plugin.openStream(generation: 0).lists.makeAsyncIterator()
        #expect(try await ids(lists.next()) == ["0000:01:10.0"])
        for (revision, count) in [(1, 2), (2, 0), (3, 3)] {
            let devices = try (0..<count).map { try device("0000:01:10.\($0)") }
            await plugin.update(PoolAssignment(pool: pool, devices: devices), revision: revision)
        }
        #expect(try await ids(lists.next()) == ["0000:01:10.0", "0000:01:10.1", "0000:01:10.2"])
    }

    @Test func `an update that comes late changes nothing`() async throws {
        await plugin.update(PoolAssignment(pool: pool), revision: 7)
        await plugin.update(PoolAssignment(pool: pool, devices: [try device("0000:01:10.5")]), revision: 6)
        #expect(await plugin.status().devices == 0)
    }

    @Test func `the last list of a resource that is withdrawn is empty, then the stream ends`() async throws {
        let (id, stream) = await plugin.openStream(generation: 0)
        var lists = stream.makeAsyncIterator()
        _ = await lists.next()
        async let withdrawn: Void = plugin.withdraw()
        #expect(try await ids(lists.next()) == [])
        #expect(await lists.next() == nil)
        await plugin.closeStream(id, generation: 0)
        await withdrawn
        // A stream that a kubelet opens at the last moment is told the same.
        var late = await plugin.openStream(generation: 0).lists.makeAsyncIterator()
        #expect(try await ids(late.next()) == [])
        #expect(await late.next() == nil)
    }

    private func ids(_ list: [UInt8]?) throws -> [String] {
        try DevicePluginV1Beta1.ListAndWatchResponse(decoding: try #require(list)).devices.map(\.id)
    }
}

private func device(_ text: String) throws -> PoolDevice {
    let identity = PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10ca), classCode: 0x02_0000)
    return PoolDevice(id: text, function: PCIFunction(address: try #require(PCIAddress(text)), identity: identity))
}
