import CNI
import JSON
import SRIOVPlugin
import Testing

@Suite struct ValidAttachmentsTests {
    private let one = ValidAttachments.Key(containerID: "c1", interfaceName: "net1")

    @Test(arguments: ["cni.dev/valid-attachments", "cni.dev/attachments"])
    func `the list is read under either name`(name: String) throws {
        let request: JSONValue = [name: [["containerID": "c1", "ifname": "net1"]]]
        #expect(try ValidAttachments(request).keys == [one])
    }

    @Test func `the newer name is believed before the older`() throws {
        let request: JSONValue = [
            "cni.dev/attachments": [["containerID": "c2", "ifname": "net1"]],
            "cni.dev/valid-attachments": [["containerID": "c1", "ifname": "net1"]],
        ]
        #expect(try ValidAttachments(request).keys == [one])
    }

    @Test func `an empty list is one, and says that nothing stays`() throws {
        #expect(try ValidAttachments(["cni.dev/valid-attachments": []]).keys.isEmpty)
    }

    /// Each would undo living attachments if it were taken for an empty list or a shorter one.
    @Test(
        arguments: [
            [:], ["cni.dev/valid-attachments": nil], ["cni.dev/valid-attachments": "c1"],
            ["cni.dev/valid-attachments": [["containerID": "c1"]]], ["cni.dev/valid-attachments": ["c1"]],
            ["cni.dev/valid-attachments": nil, "cni.dev/attachments": []],
        ] as [JSONValue]
    )
    func `a list that is missing or malformed is refused`(request: JSONValue) {
        #expect(throws: CNIError.self) { try ValidAttachments(request) }
    }
}
