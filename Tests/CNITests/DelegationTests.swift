import CNI
import JSON
import Testing

@Suite struct DelegationTests {
    func call(_ command: CNIInvocation.Command, version: String = "1.0.0") throws -> DelegateCall {
        let invocation = CNIInvocation(
            command: command,
            containerID: "c0ffee",
            networkNamespace: "/run/netns/pod",
            interfaceName: "net1",
            arguments: try CNIArguments(parsing: "IgnoreUnknown=1"),
            pluginPath: ["/a", "/b"]
        )
        return try DelegateCall(
            invocation,
            request: ["cniVersion": .string(version), "name": "data", "type": "x"],
            inherited: ["PATH": "/bin", "CNI_IFNAME": "eth0", "CNI_NETNS_OVERRIDE": "1"]
        )
    }

    @Test func `a program is looked for in each directory in order`() throws {
        let search = try DelegateSearch(type: "macvlan", directories: ["/opt/cni/bin", "/usr/lib/cni/"])
        #expect(search.candidates == ["/opt/cni/bin/macvlan", "/usr/lib/cni/macvlan"])
    }

    @Test(arguments: ["", ".", "..", "../x", "a/b", "a\0b"])
    func `a type that is not the name of a file is refused with code 7`(type: String) {
        let error = #expect(throws: CNIError.self) { try DelegateSearch(type: type, directories: ["/a"]) }
        #expect(error?.code == .invalidConfiguration)
    }

    @Test func `the delegate's variables replace those we were called with`() throws {
        #expect(
            try call(.add).environment == [
                "CNI_ARGS": "IgnoreUnknown=1", "CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c0ffee", "CNI_IFNAME": "net1",
                "CNI_NETNS": "/run/netns/pod", "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/a:/b", "PATH": "/bin",
            ]
        )
    }

    @Test func `a command about no attachment tells of none`() throws {
        #expect(
            try call(.status).environment == [
                "CNI_COMMAND": "STATUS", "CNI_NETNS_OVERRIDE": "1", "CNI_PATH": "/a:/b", "PATH": "/bin",
            ]
        )
    }

    @Test func `a result without version has its configuration's`() throws {
        let output = Array(#"{"ip4":{"ip":"10.0.0.1/8"}}"#.utf8)
        #expect(try call(.add, version: "0.2.0").outcome(.exited(0), output: output, diagnostics: [])?.ips.count == 1)
        #expect(try call(.add, version: "1.0.0").outcome(.exited(0), output: output, diagnostics: []) == CNIResult())
    }

    @Test(arguments: ["", " \n", "null", "null\n"])
    func `a delegate may answer with nothing`(output: String) throws {
        #expect(try call(.add).outcome(.exited(0), output: Array(output.utf8), diagnostics: []) == nil)
    }

    @Test func `what is printed on success of a DEL is not read`() throws {
        #expect(try call(.del).outcome(.exited(0), output: Array("{".utf8), diagnostics: []) == nil)
    }

    @Test func `an error object is the delegate's own, code and message`() throws {
        let output = Array(#"{"code":101,"msg":"no free address","details":"range full"}"#.utf8)
        let error = #expect(throws: CNIError.self) {
            try call(.add).outcome(.exited(1), output: output, diagnostics: Array("noise".utf8))
        }
        #expect(error == CNIError(.init(rawValue: 101), "no free address", details: "range full"))
    }

    @Test func `a delegate that fails silently is quoted from its standard error`() throws {
        let error = #expect(throws: CNIError.self) {
            try call(.add).outcome(.exited(2), output: [], diagnostics: Array(" panic: oops\n".utf8))
        }
        #expect(error == CNIError(.unclassified, "panic: oops", details: "exit status 2"))
    }

    @Test func `a delegate that fails with another text is quoted from it`() throws {
        let error = #expect(throws: CNIError.self) {
            try call(.add).outcome(.exited(1), output: Array("not JSON".utf8), diagnostics: [])
        }
        #expect(error?.message == "not JSON")
    }

    @Test func `a killed delegate is named as such`() throws {
        let error = #expect(throws: CNIError.self) {
            try call(.del).outcome(.killed(signal: 9), output: [], diagnostics: [])
        }
        #expect(error?.message == "the delegate failed without a message (signal 9)")
    }

    @Test func `a success that is no JSON is refused with code 6`() throws {
        let error = #expect(throws: CNIError.self) {
            try call(.add).outcome(.exited(0), output: Array("done".utf8), diagnostics: [])
        }
        #expect(error?.code == .cannotDecode)
    }

    @Test func `an error comes out as it went in`() {
        let error = CNIError(.tryAgainLater, "busy", details: "lock held")
        #expect(CNIError(error.json(version: .v1_1_0)) == error)
        #expect(error.json(version: .v0_4_0)["cniVersion"] == "0.4.0")
        #expect(error.prefixed("net1").message == "net1: busy")
        #expect(CNIError(["code": -1]) == nil)
        #expect(CNIError(["msg": "x"]) == nil)
    }
}
