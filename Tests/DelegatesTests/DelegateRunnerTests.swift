import CNI
import Delegates
import Foundation
import JSON
import LinuxSystem
import Testing

@Suite struct DelegateRunnerTests {
    let plugins: ScriptedPlugins
    let request: JSONValue = ["cniVersion": "1.0.0", "name": "data", "type": "one"]

    init() throws { plugins = try ScriptedPlugins() }

    @Test func `a plugin is found along the path, called with its own variables and read`() throws {
        try plugins.add("one", result: ["cniVersion": "1.0.0", "interfaces": [["name": "net1"]]])
        let result = try runner().run(type: "one", plugins.invocation(.add), request: request)
        #expect(result?.interfaces.map(\.name) == ["net1"])
        #expect(try plugins.input("one") == request)
        #expect(
            try plugins.environment("one") == """
                CNI_ARGS=
                CNI_COMMAND=ADD
                CNI_CONTAINERID=c0ffee
                CNI_IFNAME=net1
                CNI_NETNS=/run/netns/pod
                CNI_PATH=/nowhere:\(plugins.path)

                """
        )
    }

    @Test func `a plugin that is nowhere is told with the path that was searched`() throws {
        try FileManager.default.createDirectory(atPath: "\(plugins.path)/one", withIntermediateDirectories: true)
        let failure = #expect(throws: DelegateFailure.self) {
            try runner().run(type: "one", plugins.invocation(.add), request: request)
        }
        #expect(failure == .notFound(type: "one", directories: ["/nowhere", plugins.path]))
        #expect(failure?.isLasting == true)
    }

    @Test func `a plugin's error object is its own, code and message`() throws {
        try plugins.add("one", #"echo '{"code":101,"msg":"range full"}'; echo noise >&2; exit 1"#)
        let failure = #expect(throws: DelegateFailure.self) {
            try runner().run(type: "one", plugins.invocation(.add), request: request)
        }
        #expect(failure == .refused(type: "one", CNIError(.init(rawValue: 101), "range full")))
        #expect(failure?.isLasting == false)
    }

    @Test func `a plugin that only writes to standard error is quoted`() throws {
        try plugins.add("one", "echo 'panic: oops' >&2; exit 2")
        let failure = #expect(throws: DelegateFailure.self) {
            try runner().run(type: "one", plugins.invocation(.add), request: request)
        }
        #expect(failure?.cniError.message == "panic: oops")
    }

    @Test func `a plugin that hangs is ended at the deadline with what it started`() throws {
        try plugins.add("one", "sleep 600 & echo $! > \"$0.pid\"; wait")
        let failure = #expect(throws: DelegateFailure.self) {
            try runner(until: .after(seconds: 4))
                .run(type: "one", plugins.invocation(.add), request: request)
        }
        #expect(failure == .expired(type: "one"))
        #expect(failure?.cniError.code == .tryAgainLater)
        let text = try String(contentsOfFile: "\(plugins.path)/one.pid", encoding: .utf8)
        let sleeper = try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(sleeper)/exe"))
    }

    @Test func `an answer without end is cut off and refused`() throws {
        try plugins.add("one", "yes | head -c 3000000")
        let failure = #expect(throws: DelegateFailure.self) {
            try runner().run(type: "one", plugins.invocation(.add), request: request)
        }
        #expect(failure?.cniError.code == .cannotDecode)
    }

    @Test func `a child keeps our locks open and stays in our group`() throws {
        let lock = try FileLock("\(plugins.path)/lock", until: .now)
        try plugins.add(
            "one",
            "readlink /proc/$$/fd/* > \"$0.fds\"; ps -o pgid= -p $$ | tr -d ' ' > \"$0.group\" ; exit 0"
        )
        _ = try runner().run(type: "one", plugins.invocation(.add), request: request)
        #expect(try String(contentsOfFile: "\(plugins.path)/one.fds", encoding: .utf8).contains(lock.path))
        let group = try String(contentsOfFile: "\(plugins.path)/one.group", encoding: .utf8)
        #expect(group.trimmingCharacters(in: .whitespacesAndNewlines) == String(getpgid(0)))
    }
}

@Suite struct NetworkRunTests {
    let plugins: ScriptedPlugins
    let network: NetworkConfigurationList

    init() throws {
        plugins = try ScriptedPlugins()
        network = try NetworkConfigurationList([
            "cniVersion": "1.0.0", "name": "data",
            "plugins": [["type": "one", "capabilities": ["mac": true]], ["type": "two"], ["type": "three"]],
        ])
    }

    @Test func `each plugin gets the result of the one before it`() throws {
        try plugins.add("one", result: ["cniVersion": "1.0.0", "interfaces": [["name": "a"]]])
        try plugins.add("two", "exit 0")
        try plugins.add("three", result: ["cniVersion": "1.0.0", "interfaces": [["name": "c"]]])
        let result = try runner().add(network, plugins.invocation(.add), runtimeConfig: ["mac": "02:00:00:00:00:01"])
        #expect(result?.interfaces.map(\.name) == ["c"])
        #expect(plugins.calls == ["ADD one", "ADD two", "ADD three"])
        #expect(try plugins.input("one")["prevResult"] == nil)
        #expect(try plugins.input("one")["runtimeConfig"] == ["mac": "02:00:00:00:00:01"])
        #expect(try plugins.input("two")["prevResult"] == ["cniVersion": "1.0.0", "interfaces": [["name": "a"]]])
        #expect(try plugins.input("two")["runtimeConfig"] == nil)
        #expect(try plugins.input("three")["prevResult"]?["interfaces"] == [["name": "a"]])
    }

    @Test func `the first failure ends an ADD`() throws {
        try plugins.add("one", result: [:])
        try plugins.add("two", #"echo '{"code":7,"msg":"no"}'; exit 1"#)
        try plugins.add("three", result: [:])
        #expect(throws: DelegateFailure.refused(type: "two", CNIError(.invalidConfiguration, "no"))) {
            try runner().add(network, plugins.invocation(.add))
        }
        #expect(plugins.calls == ["ADD one", "ADD two"])
    }

    @Test func `a DEL runs every plugin from the last to the first and collects what failed`() throws {
        try plugins.add("one", "exit 0")
        try plugins.add("three", #"echo '{"code":11,"msg":"busy"}'; exit 1"#)
        let result = CNIResult(interfaces: [.init(name: "net1")])
        let failures = runner().delete(network, plugins.invocation(.del), result: result)
        #expect(plugins.calls == ["DEL three", "DEL one"])
        #expect(
            failures == [
                .refused(type: "three", CNIError(.tryAgainLater, "busy")),
                .notFound(type: "two", directories: ["/nowhere", plugins.path]),
            ]
        )
        #expect(try plugins.input("one", "DEL")["prevResult"]?["interfaces"] == [["name": "net1"]])
    }

    @Test func `a version before 0 point 4 gets no previous result at DEL`() throws {
        try plugins.add("one", "exit 0")
        let network = try NetworkConfigurationList(["cniVersion": "0.3.1", "name": "data", "type": "one"])
        #expect(runner().delete(network, plugins.invocation(.del), result: CNIResult()).isEmpty)
        #expect(try plugins.input("one", "DEL")["prevResult"] == nil)
    }

    @Test func `a plugin of our own is called with the same request and not executed`() throws {
        try plugins.add("one", result: ["interfaces": [["name": "a"]]])
        try plugins.add("three", result: [:])
        var received: JSONValue?
        let own: OwnPlugin = { (_, request) throws(CNIError) in
            received = request
            return CNIResult(interfaces: [.init(name: "b")])
        }
        _ = try runner().add(network, plugins.invocation(.add), own: ["two": own])
        #expect(plugins.calls == ["ADD one", "ADD three"])
        #expect(received?["prevResult"]?["interfaces"] == [["name": "a"]])
        #expect(try plugins.input("three")["prevResult"]?["interfaces"] == [["name": "b"]])
    }
}
