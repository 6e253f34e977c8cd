import Addresses
import Attachments
import JSON
import PCI
import Testing

@Suite struct JournalTests {
    @Test func `what is written is read again as it was`() throws {
        let journal = try Sample.journal()
        #expect(try Journal(parsing: journal.serialized()) == journal)
    }

    @Test func `a configuration keeps every byte`() throws {
        let read = try Journal(parsing: try Sample.journal().serialized())
        #expect(read.attachments.first?.configuration == #"{ "type":"sriov",  "vlan": 1e1 }"#)
    }

    @Test func `members of a later release are handed on`() throws {
        var value = try JSONValue(parsing: try Sample.journal().serialized())
        guard case .object(var object) = value else { throw Unexpected() }
        object["leases"] = ["a", 1]
        var attachment = try #require(object["attachments"]?.array?.first?.object)
        attachment["queues"] = 8
        object["attachments"] = [.object(attachment)]
        value = .object(object)
        let again = try JSONValue(parsing: try Journal(parsing: value.serialized()).serialized())
        #expect(again["leases"] == ["a", 1])
        #expect(again["attachments"]?.array?.first?["queues"] == 8)
        #expect(again["schema"] == 1)
    }

    @Test(arguments: [
        // Cut off, as after a crash on a file system without ordered renames.
        (#"{"schema":1,"release":"0.1"#, "line 1, column 27: the JSON text ends in the middle of a value"),
        ("", "line 1, column 1: the JSON text ends in the middle of a value"),
        (#"{"schema":2}"#, "unknown schema 2"),
        ("[]", "unknown schema (none)"),
    ])
    func `a file that is no journal says so`(text: String, reason: String) throws {
        let error = #expect(throws: JournalError.self) { try Journal(parsing: Array(text.utf8)) }
        #expect(error?.description.hasSuffix(reason) == true, "\(String(describing: error))")
    }

    @Test func `every fault of a damaged journal is named with its place`() throws {
        let text = #"""
            {"schema":1,"release":"0.1.0","bootID":"x","containerID":"4f",
             "sandbox":{"path":"/n","device":4,"inode":-1},
             "attachments":[{"id":0,"network":"n","networkName":"n","interfaceName":"net1","cniVersion":"1.0.0",
               "configuration":"{}","kind":"function","function":{"address":"01:10.0","originals":
               {"interface":{"name":"a","mtu":1500},"settings":{"vlan":{"identifier":5000}}}}}]}
            """#
        #expect(
            throws: JournalError.damaged([
                DocumentProblem(path: "attachments[0].function.address", reason: #""01:10.0" is no PCI address"#),
                DocumentProblem(path: "attachments[0].function.originals.interface.mac", reason: "missing"),
                DocumentProblem(
                    path: "attachments[0].function.originals.settings.vlan.identifier",
                    reason: "5000 is not within 0 to 4095"
                ),
                DocumentProblem(path: "sandbox.inode", reason: "expected a whole number, found a number"),
            ])
        ) { try Journal(parsing: Array(text.utf8)) }
    }

    @Test func `each member that a journal cannot do without is asked for`() throws {
        let whole = try #require(try JSONValue(parsing: try Sample.journal().serialized()).object)
        for key in ["schema", "release", "containerID", "bootID", "sandbox", "attachments"] {
            var less = whole
            less[key] = nil
            #expect(throws: JournalError.self, "\(key)") {
                try Journal(parsing: JSONValue.object(less).serialized())
            }
        }
    }

    @Test(arguments: ["4f1d", "a", "A.b_c-9"])
    func `a container's file is named after it`(containerID: String) {
        #expect(Journal.fileName(containerID: containerID) == containerID + ".json")
        #expect(Journal.containerID(fileName: containerID + ".json") == containerID)
    }

    @Test(arguments: ["", ".", "..", "../x", "a/b", "-a", "a b", "ä", String(repeating: "a", count: 201)])
    func `an ID that CNI does not allow names no file`(containerID: String) {
        #expect(Journal.fileName(containerID: containerID) == nil)
    }

    @Test(arguments: ["4f1d", ".4f1d.json", "4f1d.json.tmp", ".json"])
    func `other files of the directory are no journals`(name: String) {
        #expect(Journal.containerID(fileName: name) == nil)
    }

    @Test func `only hardware functions have owners`() throws {
        #expect(try Sample.journal().owners == [try Sample.owner()])
    }

    @Test func `ids are not given twice`() throws {
        var journal = try Sample.journal()
        #expect(journal.nextID == 2)
        journal.attachments.removeFirst()
        #expect(journal.nextID == 2)
        journal.attachments = []
        #expect(journal.nextID == 0)
    }
}

private struct Unexpected: Error {}
