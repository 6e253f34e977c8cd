import CNI
import JSON
import Testing

@Suite struct CNIInvocationTests {
    static let add = [
        "CNI_COMMAND": "ADD", "CNI_CONTAINERID": "c0ffee", "CNI_NETNS": "/run/netns/pod", "CNI_IFNAME": "eth0",
        "CNI_ARGS": "IgnoreUnknown=1;K8S_POD_NAME=samplepod", "CNI_PATH": "/opt/cni/bin:/usr/lib/cni", "HOME": "/",
    ]

    @Test func `the variables of an ADD are read`() throws {
        let invocation = try CNIInvocation(environment: Self.add)
        #expect(invocation.command == .add)
        #expect(invocation.containerID == "c0ffee")
        #expect(invocation.networkNamespace == "/run/netns/pod")
        #expect(invocation.interfaceName == "eth0")
        #expect(invocation.arguments["K8S_POD_NAME"] == "samplepod")
        #expect(invocation.pluginPath == ["/opt/cni/bin", "/usr/lib/cni"])
    }

    @Test func `every missing variable is named, with code 4`() {
        let error = #expect(throws: CNIError.self) { try CNIInvocation(environment: ["CNI_COMMAND": "ADD"]) }
        #expect(error?.code == .invalidEnvironment)
        #expect(error?.message.hasSuffix("CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME") == true)
    }

    @Test(arguments: [String?.none, ""])
    func `a DEL needs no namespace`(namespace: String?) throws {
        var environment = Self.add
        environment["CNI_COMMAND"] = "DEL"
        environment["CNI_NETNS"] = namespace
        #expect(try CNIInvocation(environment: environment).networkNamespace == nil)
    }

    @Test(arguments: ["GC", "STATUS", "VERSION"])
    func `a command about no attachment needs none of its variables`(command: String) throws {
        #expect(try CNIInvocation(environment: ["CNI_COMMAND": command]).containerID.isEmpty)
    }

    @Test(arguments: [[:], ["CNI_COMMAND": ""], ["CNI_COMMAND": "add"], ["CNI_COMMAND": "UPDATE"]])
    func `no command or an unknown one is refused with code 4`(environment: [String: String]) {
        let error = #expect(throws: CNIError.self) { try CNIInvocation(environment: environment) }
        #expect(error?.code == .invalidEnvironment)
    }

    @Test(arguments: ["..", "a/b", "-a", "_a", "a b", "ä"])
    func `a container ID that could lead elsewhere is refused with code 4`(containerID: String) {
        let error = #expect(throws: CNIError.self) {
            try CNIInvocation(environment: Self.add.merging(["CNI_CONTAINERID": containerID]) { $1 })
        }
        #expect(error?.code == .invalidEnvironment)
    }

    @Test func `an empty container ID is an unknown container, code 3`() {
        let error = #expect(throws: CNIError.self) {
            try CNIInvocation(environment: Self.add.merging(["CNI_CONTAINERID": ""]) { $1 })
        }
        #expect(error?.code == .unknownContainer)
    }

    @Test(arguments: [".", "..", "a/b", "a:b", "a b", "a\tb", "a\nb", "sixteen-bytes-ab"])
    func `an interface name the kernel refuses is refused with code 4`(name: String) {
        let error = #expect(throws: CNIError.self) { try CNIInvocation.validate(interfaceName: name) }
        #expect(error?.code == .invalidEnvironment)
    }

    @Test func `fifteen bytes are an interface name`() throws {
        try CNIInvocation.validate(interfaceName: "fifteen-bytes-a")
    }

    @Test func `arguments are pairs with exactly one equals sign`() throws {
        let arguments = try CNIArguments(parsing: "A=1;B=;;A=2")
        #expect(arguments["A"] == "2")
        #expect(arguments["B"] == "")
        #expect(arguments.description == "A=1;B=;A=2")
        #expect(throws: CNIError.self) { try CNIArguments(parsing: "A=1=2") }
        #expect(throws: CNIError.self) { try CNIArguments(parsing: "A") }
    }

    @Test func `a changed argument keeps its place`() throws {
        var arguments = try CNIArguments(parsing: "A=1;B=2;A=3")
        arguments["A"] = "4"
        arguments["C"] = "5"
        arguments["B"] = nil
        #expect(arguments.description == "A=4;C=5")
    }

    @Test func `unknown arguments are refused unless the caller passes over them`() throws {
        try CNIArguments(parsing: "IgnoreUnknown=true;A=1").refuseUnknown(besides: [])
        try CNIArguments(parsing: "A=1").refuseUnknown(besides: ["A"])
        let error = #expect(throws: CNIError.self) {
            try CNIArguments(parsing: "A=1;IgnoreUnknown=false").refuseUnknown(besides: [])
        }
        #expect(error?.message == "CNI_ARGS: unknown A")
    }

    @Test(arguments: [(CNIVersion.v0_3_1, CNIInvocation.Command.check), (.v1_0_0, .gc), (.v1_0_0, .status)])
    func `a command that came later than the configuration's version is refused with code 1`(
        version: CNIVersion,
        command: CNIInvocation.Command
    ) {
        let invocation = CNIInvocation(command: command, containerID: "", networkNamespace: nil, interfaceName: "")
        let error = #expect(throws: CNIError.self) { try invocation.requireCommand(in: version) }
        #expect(error?.code == .incompatibleVersion)
    }
}

@Suite struct CNIVersionTests {
    @Test(arguments: ["1", "1.0", "1.0.0.0", "+1.0.0", "1.-0.0", "1..0", "v1.0.0", "1.0.0 ", "99999.0.0", "٣.0.0"])
    func `a text that is not three numbers is no version`(text: String) {
        #expect(CNIVersion(text) == nil)
    }

    @Test func `versions sort by number and the empty text is the first`() {
        #expect(CNIVersion("0.4.0") == .v0_4_0)
        #expect(CNIVersion("") == .v0_1_0)
        #expect(CNIVersion(0, 10, 0) > .v0_4_0)
        #expect(CNIVersion.supported == CNIVersion.supported.sorted())
    }

    @Test func `VERSION gives back the version that was asked with`() {
        let answer = CNIVersion.answer(to: ["cniVersion": "0.4.0"])
        #expect(answer["cniVersion"] == "0.4.0")
        #expect(
            answer["supportedVersions"] == ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]
        )
        #expect(CNIVersion.answer(to: ["cniVersion": "7.0.0"])["cniVersion"] == "1.1.0")
        #expect(CNIVersion.answer(to: .null)["cniVersion"] == "1.1.0")
    }
}
