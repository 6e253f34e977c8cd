import GRPC
import GRPCTransport
import Glibc
import KubeletAPI
import Logging
import Protobuf

/// The program that the gRPC benchmarks drive.
///
///     benchmark-peer codecs                           prints "NAME MEGABYTES-A-SECOND" lines
///     benchmark-peer serve SOCKET DEVICES             serves Echo and Devices until standard input ends; prints "ready"
///     benchmark-peer measure SOCKET METHOD CALLS      prints the microseconds of each unary call, one after another
@main
enum BenchmarkPeer {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("codecs", 1): try Codecs.run()
        case ("serve", 3): try await serve(arguments[1], devices: Int(arguments[2]) ?? 0)
        case ("measure", 4): try await measure(arguments[1], arguments[2], calls: Int(arguments[3]) ?? 1)
        default:
            print("usage: see the comment at the head of BenchmarkPeer.swift")
            exit(2)
        }
    }

    private static func serve(_ path: String, devices: Int) async throws {
        var configuration = GRPCServer.Configuration(socketPath: path)
        configuration.allowedUserIDs = [geteuid()]
        // Idle connections are measured by the hundred.
        configuration.connectionLimit = 4096
        configuration.processConnectionLimit = 4096
        let list = Samples.list(devices)
        let methods: [GRPCMethod] = [
            .unary("/test.Peer/Echo") { request, _ in request },
            .unary("/test.Peer/Devices") { _, _ in list.encoded() },
        ]
        let logger = Logger(label: "benchmark-peer") { StreamLogHandler.standardError(label: $0) }
        let server = try await GRPCServer.start(configuration, methods: methods, logger: logger)
        emit("ready")
        await Task.detached { while readLine() != nil {} }.value
        await server.shutDown(with: GRPCStatusError(.unavailable, "bye"), grace: .zero)
    }

    private static func measure(_ path: String, _ method: String, calls: Int) async throws {
        var configuration = GRPCClient.Configuration()
        configuration.messageLimit = 64 << 20
        let client = try await GRPCClient.connect(to: path, configuration)
        _ = try await client.unary(method, [], timeout: nil)
        var lines: [String] = []
        for _ in 0..<calls {
            let begin = ContinuousClock.now
            _ = try await client.unary(method, [1, 2, 3, 4, 5], timeout: nil)
            lines.append("\((ContinuousClock.now - begin) / .microseconds(1))")
        }
        await client.close()
        emit(lines.joined(separator: "\n"))
    }
}

/// What is sent and decoded here.
enum Samples {
    /// Devices as the kubelet sees them: a PCI address, healthy, on a NUMA node.
    static func list(_ count: Int) -> DevicePluginV1Beta1.ListAndWatchResponse {
        let digits = Array("0123456789abcdef")
        let devices = (0..<count).map { index in
            let bus = "\(digits[index >> 12 & 0xf])\(digits[index >> 8 & 0xf])"
            let id = "0000:\(bus):\(digits[index >> 7 & 1])\(digits[index >> 3 & 0xf]).\(index & 7)-\(index)"
            var topology = TopologyInfo()
            topology.nodes = [NUMANode(id: Int64(index & 1))]
            return DevicePluginV1Beta1.Device(id: id, health: "Healthy", topology: topology)
        }
        return DevicePluginV1Beta1.ListAndWatchResponse(devices: devices)
    }
}

func emit(_ line: String) {
    print(line)
    fflush(nil)
}
