import GRPC
import KubeletAPI
import NetworkSelection
import NodeProtocol
import Synchronization
import Testing

@testable import NodeAgent

@Suite struct PlanServiceTests {
    private let key = NetworkRequest.networksAnnotation

    /// Answers each question with the next list, the last one for ever.
    private final class Kubelet: Sendable {
        let answers: Mutex<[Result<[PodResourcesV1.PodResources], GRPCStatusError>]>
        let questions = Mutex(0)

        init(_ answers: [Result<[PodResourcesV1.PodResources], GRPCStatusError>]) { self.answers = Mutex(answers) }

        @Sendable func list() async throws -> [PodResourcesV1.PodResources] {
            questions.withLock { $0 += 1 }
            return try answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
        }
    }

    private func resources(_ name: String, _ ids: [String]) -> PodResourcesV1.PodResources {
        var container = PodResourcesV1.ContainerResources()
        container.devices = [PodResourcesV1.ContainerDevices(resourceName: "x.io/vf", deviceIDs: ids)]
        var pod = PodResourcesV1.PodResources()
        pod.name = name
        pod.namespace = "default"
        pod.containers = [container]
        return pod
    }

    private func service(
        _ source: ScriptedSource,
        _ kubelet: Kubelet = Kubelet([.success([])]),
        patience: Duration = .seconds(600)
    ) -> PlanService {
        let devices = DeviceFinder(listing: kubelet.list, owners: { [:] }, checkpointPath: "/nonexistent/checkpoint")
        return PlanService(source: source, devices: devices, patience: patience)
    }

    private func request(uid: String? = nil, annotations: [String: String]? = nil) -> PlanRequest {
        PlanRequest(
            containerID: "c1",
            networkNamespace: "/run/netns/c1",
            interfaceName: "eth0",
            pod: PodReference(namespace: "default", name: "p", uid: uid),
            annotations: annotations
        )
    }

    private func failure(_ service: PlanService, _ request: PlanRequest) async -> NodeFailure? {
        do throws(NodeFailure) {
            _ = try await service.plan(request)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a known pod is planned with its device`() async throws {
        let source = ScriptedSource(
            .init(
                pods: ["default/p": ScriptedSource.pod("p", uid: "u", [key: "vf"])],
                networks: ["default/vf": ScriptedSource.network("vf", resource: "x.io/vf")]
            )
        )
        let kubelet = Kubelet([.success([resources("p", ["0000:01:10.0"])])])
        let plan = try await service(source, kubelet).plan(request(uid: "u"))
        #expect(plan.podUID == "u")
        #expect(plan.attachments.map(\.deviceID) == ["0000:01:10.0"])
    }

    @Test func `kubelet is not asked where no network has a resource`() async throws {
        let source = ScriptedSource(
            .init(
                pods: ["default/p": ScriptedSource.pod("p", uid: "u", [key: "m"])],
                networks: ["default/m": ScriptedSource.network("m")]
            )
        )
        let kubelet = Kubelet([.failure(GRPCStatusError(.unavailable, "away"))])
        #expect(try await service(source, kubelet).plan(request()).attachments.count == 1)
        #expect(kubelet.questions.withLock { $0 } == 0)
    }

    @Test func `the runtime's annotations count, whether or not the pod is known`() async throws {
        let source = ScriptedSource(
            .init(
                pods: ["default/p": ScriptedSource.pod("p", uid: "old", [key: "other"])],
                networks: ["default/m": ScriptedSource.network("m")]
            )
        )
        let plan = try await service(source).plan(request(uid: "new", annotations: [key: "m"]))
        #expect(plan.podUID == "new")
        #expect(plan.attachments.map(\.network) == ["default/m"])
        let nothing = try await service(source).plan(request(uid: "new", annotations: [:]))
        #expect(nothing == AttachmentPlan(podUID: "new"))
    }

    @Test func `what appears while it is waited for is planned`() async throws {
        let key = key
        let source = ScriptedSource(
            .init(later: [
                { $0.pods["default/p"] = ScriptedSource.pod("p", uid: "old", [key: "other"]) },
                { $0.pods["default/p"] = ScriptedSource.pod("p", uid: "u", [key: "vf"]) },
                { $0.networks["default/vf"] = ScriptedSource.network("vf", resource: "x.io/vf") },
            ])
        )
        let kubelet = Kubelet([
            .failure(GRPCStatusError(.resourceExhausted, "rejected by rate limit")),
            .success([]),
            .success([resources("p", ["0000:01:10.0"])]),
        ])
        let plan = try await service(source, kubelet).plan(request(uid: "u"))
        #expect(plan.attachments.map(\.deviceID) == ["0000:01:10.0"])
    }

    @Test func `what does not appear in time is error 11 and says what is missing`() async {
        let hurried = Duration.milliseconds(1)
        let unknown = await failure(service(ScriptedSource(), patience: hurried), request())
        #expect(unknown == NodeFailure(code: 11, message: "pod default/p is not known"))

        let known = ["default/p": ScriptedSource.pod("p", uid: "u", [key: "vf"])]
        let other = await failure(service(ScriptedSource(.init(pods: known)), patience: hurried), request(uid: "v"))
        #expect(other?.code == 11)
        #expect(other?.details.contains("its UID is u, the runtime's is v") == true)

        let undefined = await failure(service(ScriptedSource(.init(pods: known)), patience: hurried), request())
        #expect(undefined?.message == "network default/vf is not defined")
        #expect(undefined?.code == 11)

        let networks = ["default/vf": ScriptedSource.network("vf", resource: "x.io/vf")]
        let source = ScriptedSource(.init(pods: known, networks: networks))
        let away = Kubelet([.failure(GRPCStatusError(.unavailable, "nobody listens"))])
        let silent = await failure(service(source, away, patience: hurried), request())
        #expect(silent?.code == 11)
        #expect(silent?.details.contains("nobody listens") == true)
        let unlisted = await failure(service(source, patience: hurried), request())
        #expect(unlisted?.details == "kubelet lists no such pod")
    }

    @Test func `a pod that somebody must change fails at once`() async {
        let source = ScriptedSource(.init(pods: ["default/p": ScriptedSource.pod("p", uid: "u", [key: "A"])]))
        let failure = await failure(service(source), request())
        #expect(failure?.code == 7)
    }

    // A manifest without UID, and a static pod whose mirror has another one.
    @Test(arguments: [true, false]) func `the runtime's UID counts where the source has none of its own`(
        isDerived: Bool
    ) async throws {
        let annotations = isDerived ? [:] : ["kubernetes.io/config.mirror": "hash"]
        let pod = ScriptedSource.pod("p", uid: "derived", annotations, isDerived: isDerived)
        let source = ScriptedSource(.init(pods: ["default/p": pod]))
        #expect(try await service(source).plan(request(uid: "u")).podUID == "u")
        #expect(try await service(source).plan(request()).podUID == "derived")
    }

    @Test func `those who ask kubelet at the same time share an answer`() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let questions = Mutex(0)
        let list = [resources("p", ["1"])]
        let finder = DeviceFinder(
            listing: {
                questions.withLock { $0 += 1 }
                for await _ in gate.stream { break }
                return list
            },
            owners: { [:] },
            checkpointPath: ""
        )
        let pod = PodReference(namespace: "default", name: "p")
        try await withThrowingTaskGroup(of: AllocatedDevices.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await finder.devices(of: pod, uid: "u", until: .now + .seconds(20))
                }
            }
            gate.continuation.finish()
            for try await devices in group { #expect(devices["x.io/vf"] == ["1"]) }
        }
        #expect(questions.withLock { $0 } < 50)
    }
}
