import KubernetesAPI
import LinuxSystem
import Logging
import NodeProtocol
import Scratch
import Testing

@testable import NodeAgent

@Suite struct ManifestFolderTests {
    static let pod = """
        apiVersion: v1
        kind: Pod
        metadata:
          name: samplepod
          annotations:
            k8s.v1.cni.cncf.io/networks: macvlan
        spec:
          containers:
          - name: multitoolcont
            image: praqma/network-multitool
        """
    static let network = """
        apiVersion: "k8s.cni.cncf.io/v1"
        kind: NetworkAttachmentDefinition
        metadata:
          name: macvlan
        spec:
          config: '{"name":"mynet","type":"macvlan"}'
        """

    @Test func `pods and networks of all files are known`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("a.yaml", "\(Self.pod)\n---\n\(Self.network)\n")
        try directory.write("b.json", #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","uid":"u"},"spec":{}}"#)
        try directory.write("notes.txt", "{")
        try directory.write(".hidden.yaml", "{")
        var folder = ManifestFolder(directory.path)
        #expect(folder.reload() == true)
        #expect(folder.problems == [])
        #expect(folder.counts == (2, 1))
        let pod = folder.pod(namespace: "default", name: "samplepod")
        #expect(pod?.pod.metadata.annotations["k8s.v1.cni.cncf.io/networks"] == "macvlan")
        #expect(pod?.hasDerivedUID == true)
        #expect(folder.pod(namespace: "default", name: "b")?.pod.metadata.uid == "u")
        #expect(folder.network(namespace: "default", name: "macvlan") != nil)
        #expect(folder.network(namespace: "other", name: "macvlan") == nil)
        #expect(folder.reload() == false)
    }

    @Test func `a file that turns bad keeps what it said, one that goes takes it along`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("a.yaml", Self.network)
        var folder = ManifestFolder(directory.path)
        _ = folder.reload()
        try directory.write("a.yaml", "kind: [")
        #expect(folder.reload() == true)
        #expect(folder.problems.map(\.file) == ["a.yaml"])
        #expect(folder.network(namespace: "default", name: "macvlan") != nil)
        let isNews = folder.reload()
        #expect(!isNews, "an old problem is no news")
        try directory.write("a.yaml", Self.network.replacing("mynet", with: "other"))
        #expect(folder.reload() == true)
        #expect(folder.problems == [])
        #expect(folder.network(namespace: "default", name: "macvlan")?.configuration?.contains("other") == true)
        try File.remove("\(directory.path)/a.yaml")
        #expect(folder.reload() == true)
        #expect(folder.network(namespace: "default", name: "macvlan") == nil)
    }

    @Test func `what is wrong is told with file, document and member`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("a.yaml", "\(Self.pod)\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: B}\nspec: {}\n")
        var folder = ManifestFolder(directory.path)
        _ = folder.reload()
        #expect(folder.problems.first?.description.hasPrefix("a.yaml: document[2].metadata.name: ") == true)
        #expect(folder.counts == (0, 0), "half a file is no file")
    }

    @Test func `a directory that is not there is a problem and no end`() {
        var folder = ManifestFolder("/nonexistent/manifests")
        #expect(folder.reload() == true)
        #expect(folder.problems.count == 1)
        #expect(folder.reload() == false)
    }

    @Test func `a derived UID stays while the manifest does and is a UUID`() throws {
        let one = derivedUID(["default", "p", "{}"])
        #expect(one == derivedUID(["default", "p", "{}"]))
        #expect(one != derivedUID(["default", "p", "{ }"]))
        #expect(derivedUID(["ab", "c"]) != derivedUID(["a", "bc"]))
        #expect(one.contains(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/))
    }

    // FNV-1a, 128 bits, of "foobar" with our zero byte would be no published vector; the empty input's is the offset basis.
    @Test func `without input the hash is the offset basis`() {
        #expect(derivedUID([]) == "6c62272e-07bb-8142-a2b8-21756295c58d")
    }
}

@Suite struct ManifestDirectoryTests {
    @Test func `a status is a file that is readable by all and gone when taken back`() async throws {
        let directory = try TemporaryDirectory()
        let source = ManifestDirectory(
            path: directory.path,
            statusDirectory: "\(directory.path)/status",
            logger: Logger(label: "test")
        )
        let pod = PodReference(namespace: "default", name: "samplepod")
        try await source.publish(networkStatus: "[]", of: pod)
        let path = "\(directory.path)/status/default_samplepod.json"
        #expect(try File.read(path, limit: 100) == Array("[]\n".utf8))
        try await source.publish(networkStatus: nil, of: pod)
        #expect(try !File.exists(path))
        try await source.publish(networkStatus: nil, of: pod)
    }

    @Test func `a name that would lead elsewhere is refused`() async throws {
        let directory = try TemporaryDirectory()
        let source = ManifestDirectory(path: "", statusDirectory: directory.path, logger: Logger(label: "test"))
        await #expect(throws: PublishingError.self) {
            try await source.publish(networkStatus: "", of: PodReference(namespace: "a", name: "../b"))
        }
    }

    @Test func `an edit counts for the next question`() async throws {
        let directory = try TemporaryDirectory()
        let source = ManifestDirectory(
            path: directory.path,
            statusDirectory: directory.path,
            logger: Logger(label: "test")
        )
        #expect(await source.pod(namespace: "default", name: "samplepod") == nil)
        try directory.write("a.yaml", ManifestFolderTests.pod)
        #expect(await source.pod(namespace: "default", name: "samplepod") != nil)
        try directory.write("a.yaml", ManifestFolderTests.network)
        #expect(await source.pod(namespace: "default", name: "samplepod") == nil)
        #expect(await source.network(namespace: "default", name: "macvlan") != nil)
    }
}
