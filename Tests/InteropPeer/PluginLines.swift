import DevicePlugin
import GRPC
import KubeletAPI
import Logging
import PCI
import ResourcePools

/// Our device plugins in a directory, driven by lines and answering each with one; withdrawn when the input ends.
///
///     update RESOURCE=DEVICE,… …   all pools there are; DEVICE is ID[@NUMA][!REASON], with a reason it is ill → "ok"
///     status                       → of each pool "RESOURCE PHASE DEVICES HEALTHY open|closed ALLOCATIONS SOCKET"
struct PluginLines {
    let directory: String

    func run() async {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var configuration = DevicePlugins.Configuration()
        configuration.directory = directory
        let plugins = DevicePlugins(configuration, logger: Logger(label: "plugin"))
        let healing = Task { await plugins.run() }
        // A thread of its own reads: the cooperative ones are few, and the plugins need them.
        for await line in standardInputLines() {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "update":
                await plugins.update(words.dropFirst().compactMap(assignment))
                emit("ok")
            case "status": emit(await plugins.status().map(text).joined(separator: "; "))
            default: emit("error unknown command")
            }
        }
        await plugins.withdraw()
        healing.cancel()
        await healing.value
    }

    private func text(_ status: ResourcePluginStatus) -> String {
        let socket = status.socketPath?.split(separator: "/").last.map(String.init) ?? "-"
        return "\(status.resource) \(status.phase) \(status.devices) \(status.healthyDevices) "
            + "\(status.isStreamOpen ? "open" : "closed") \(status.allocations) \(socket)"
    }

    private func assignment(_ word: String) -> PoolAssignment? {
        let parts = word.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let resource = try? ResourceName(String(parts[0])) else { return nil }
        return PoolAssignment(
            pool: PoolDeclaration(resource: resource),
            devices: parts[1].split(separator: ",").compactMap(device)
        )
    }

    private func device(_ text: Substring) -> PoolDevice? {
        let halves = text.split(separator: "!", maxSplits: 1)
        let place = (halves.first ?? "").split(separator: "@")
        guard let id = place.first.map(String.init), let address = PCIAddress(id) else { return nil }
        let identity = PCIIdentity(vendor: PCIDeviceID(0x8086), device: PCIDeviceID(0x10ca), classCode: 0x02_0000)
        return PoolDevice(
            id: id,
            function: PCIFunction(address: address, identity: identity, driver: "igbvf"),
            numaNode: place.dropFirst().first.flatMap { Int($0) },
            ailment: halves.dropFirst().first.map(String.init)
        )
    }
}

/// Asks the kubelet for its pods once for each line of input.
///
///     → "NAMESPACE/NAME CONTAINER RESOURCE ID", sorted and joined by "; ", or "error STATUS"
struct PodResourcesLines {
    let socketPath: String

    func run() async {
        let client = PodResourcesClient(socketPath: socketPath)
        while readLine() != nil {
            do throws(GRPCStatusError) {
                let pods = try await client.list(until: .now + .seconds(5))
                emit(pods.flatMap(lines).sorted().joined(separator: "; "))
            } catch {
                emit("error \(error)")
            }
        }
    }

    private func lines(_ pod: PodResourcesV1.PodResources) -> [String] {
        pod.containers.flatMap { container in
            container.devices.flatMap { devices in
                devices.deviceIDs.map { "\(pod.namespace)/\(pod.name) \(container.name) \(devices.resourceName) \($0)" }
            }
        }
    }
}
