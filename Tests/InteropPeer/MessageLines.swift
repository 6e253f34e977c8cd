import KubeletAPI
import Protobuf

/// Our messages, driven by lines and answering each with one.
///
///     NAME BYTES   reads the message with that full name and writes it again, all in hexadecimal → BYTES, or "error CAUSE"
struct MessageLines {
    private typealias Echo = @Sendable ([UInt8]) throws(ProtobufError) -> [UInt8]

    func run() {
        while let line = readLine() {
            let words = line.split(separator: " ")
            emit(answer(String(words.first ?? ""), Hex.bytes(words.dropFirst().first ?? "")))
        }
    }

    private func answer(_ name: String, _ bytes: [UInt8]) -> String {
        guard let echo = Self.messages[name] else { return "error no message \(name)" }
        do throws(ProtobufError) { return Hex.text(try echo(bytes)) } catch { return "error \(error)" }
    }

    private static func echo<Message: ProtobufMessage>(_: Message.Type) -> Echo {
        { (bytes) throws(ProtobufError) in try Message(decoding: bytes).encoded() }
    }

    private static let messages: [String: Echo] = [
        "v1beta1.Empty": echo(DevicePluginV1Beta1.Empty.self),
        "v1beta1.DevicePluginOptions": echo(DevicePluginV1Beta1.DevicePluginOptions.self),
        "v1beta1.RegisterRequest": echo(DevicePluginV1Beta1.RegisterRequest.self),
        "v1beta1.ListAndWatchResponse": echo(DevicePluginV1Beta1.ListAndWatchResponse.self),
        "v1beta1.PreferredAllocationRequest": echo(DevicePluginV1Beta1.PreferredAllocationRequest.self),
        "v1beta1.PreferredAllocationResponse": echo(DevicePluginV1Beta1.PreferredAllocationResponse.self),
        "v1beta1.AllocateRequest": echo(DevicePluginV1Beta1.AllocateRequest.self),
        "v1beta1.AllocateResponse": echo(DevicePluginV1Beta1.AllocateResponse.self),
        "v1beta1.PreStartContainerRequest": echo(DevicePluginV1Beta1.PreStartContainerRequest.self),
        "v1beta1.PreStartContainerResponse": echo(DevicePluginV1Beta1.PreStartContainerResponse.self),
        "v1.ListPodResourcesRequest": echo(PodResourcesV1.ListPodResourcesRequest.self),
        "v1.ListPodResourcesResponse": echo(PodResourcesV1.ListPodResourcesResponse.self),
        "v1.GetPodResourcesRequest": echo(PodResourcesV1.GetPodResourcesRequest.self),
        "v1.GetPodResourcesResponse": echo(PodResourcesV1.GetPodResourcesResponse.self),
        "v1.AllocatableResourcesRequest": echo(PodResourcesV1.AllocatableResourcesRequest.self),
        "v1.AllocatableResourcesResponse": echo(PodResourcesV1.AllocatableResourcesResponse.self),
        "pluginregistration.InfoRequest": echo(PluginRegistrationV1.InfoRequest.self),
        "pluginregistration.PluginInfo": echo(PluginRegistrationV1.PluginInfo.self),
        "pluginregistration.RegistrationStatus": echo(PluginRegistrationV1.RegistrationStatus.self),
        "pluginregistration.RegistrationStatusResponse": echo(PluginRegistrationV1.RegistrationStatusResponse.self),
    ]
}
