import Attachments
import CNI
import Foundation
import JSON
import LinuxSystem
import MetaPlugin
import Testing

/// A node made for one test: a folder of scripted plugins, a state directory, and a pod's network namespace.
///
/// A scripted plugin makes a real interface at ADD and removes it at DEL, writes down its call, and can be told to fail.
final class ScriptedNode {
    let path: String
    let namespace: String
    let containerID = "c0ffee"
    /// Keys laid over the meta-plugin's configuration.
    var configuration: JSONObject = [:]

    init() throws {
        let word = UUID().uuidString.prefix(8).lowercased()
        path = "/tmp/meta-\(word)"
        namespace = "pbm-\(word)"
        try FileManager.default.createDirectory(atPath: "\(path)/bin", withIntermediateDirectories: true)
        try Self.ip("netns", "add", namespace)
        configuration = [
            "cniVersion": "1.0.0", "name": "patchbay", "type": "patchbay",
            "delegates": [["cniVersion": "1.0.0", "name": "primary", "type": "primary"]],
            "binDir": .string("\(path)/bin"), "daemonSocket": .string(socketPath), "daemonTimeoutSeconds": 1,
        ]
        for type in ["primary", "one", "two"] { try add(type) }
    }

    deinit {
        // Best effort: what stays shows in `ip netns` and in /tmp.
        _ = try? ChildProcess("/sbin/ip", arguments: ["ip", "netns", "del", namespace]).run(until: .after(seconds: 60))
        try? FileManager.default.removeItem(atPath: path)
    }

    var socketPath: String { "\(path)/patchbayd.sock" }
    var statePath: String { "\(path)/state" }
    var namespacePath: String { "/run/netns/\(namespace)" }

    /// Makes a plugin; `before` is sh that runs ahead of what it does.
    func add(_ type: String, before: String = "") throws {
        let script = """
            #!/bin/sh
            me=${0##*/} here=${0%/*}
            cat > "$here/$me.stdin.$CNI_COMMAND"
            env | grep '^CNI_' | sort > "$here/$me.env.$CNI_COMMAND"
            echo "$CNI_COMMAND $me $CNI_IFNAME" >> "$here/calls"
            \(before)
            case $CNI_COMMAND in
            ADD)
                nsenter --net="$CNI_NETNS" ip link add "$CNI_IFNAME" type veth peer name "p$CNI_IFNAME" || exit 9
                printf '{"cniVersion":"1.0.0","interfaces":[{"name":"%s","sandbox":"%s"}]}' "$CNI_IFNAME" "$CNI_NETNS" ;;
            DEL) [ -n "$CNI_NETNS" ] && nsenter --net="$CNI_NETNS" ip link del "$CNI_IFNAME" 2>/dev/null ;;
            esac
            exit 0
            """
        try Data(script.utf8).write(to: URL(filePath: "\(path)/bin/\(type)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(path)/bin/\(type)")
    }

    /// Makes a plugin that fails at a command with an error object.
    func add(_ type: String, failing command: String, code: Int, message: String) throws {
        let error = #"{"code":\#(code),"msg":"\#(message)"}"#
        try add(type, before: "[ $CNI_COMMAND = \(command) ] && { echo '\(error)'; exit 1; }")
    }

    /// Says that the runtime handed over these annotations.
    func hand(annotations: [String: String], _ more: JSONObject = [:]) {
        let members = JSONObject.init(annotations.mapValues(JSONValue.string))
        configuration["runtimeConfig"] = .object(
            more.merging(["io.kubernetes.cri.pod-annotations": .object(members)])
        )
    }

    /// Calls the meta-plugin.
    @discardableResult
    func call(
        _ command: CNIInvocation.Command,
        namespacePath: String? = nil,
        interfaceName: String = "eth0"
    ) throws(CNIError) -> JSONValue? {
        let invocation = CNIInvocation(
            command: command,
            containerID: containerID,
            networkNamespace: namespacePath ?? self.namespacePath,
            interfaceName: interfaceName,
            arguments: try CNIArguments(
                parsing: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=samplepod;K8S_POD_UID=u1"
            )
        )
        return try MetaRole.run(
            invocation,
            .object(configuration),
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PATCHBAY_STATE_DIRECTORY": statePath]
        )
    }

    /// The calls of plugins since this was last asked, "ADD one net1", in order.
    func calls() -> [String] {
        defer { try? FileManager.default.removeItem(atPath: "\(path)/bin/calls") }
        let text = (try? String(contentsOfFile: "\(path)/bin/calls", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// What a plugin got on standard input.
    func input(_ type: String, _ command: String = "ADD") throws -> JSONValue {
        try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: "\(path)/bin/\(type).stdin.\(command)"))))
    }

    /// A variable a plugin was given.
    func variable(_ name: String, of type: String, _ command: String = "ADD") throws -> String? {
        let text = try String(contentsOfFile: "\(path)/bin/\(type).env.\(command)", encoding: .utf8)
        return text.split(separator: "\n").first { $0.hasPrefix("\(name)=") }.map {
            String($0.dropFirst(name.count + 1))
        }
    }

    /// The interfaces in the pod beside the loopback and the far ends, by name.
    func interfaces() throws -> [String] {
        try Self.ip("-n", namespace, "-o", "link").split(separator: "\n").map { line in
            String(line.split(separator: " ")[1].prefix { $0 != "@" && $0 != ":" })
        }.filter { $0 != "lo" && !$0.hasPrefix("p") }.sorted()
    }

    /// What the state directory holds, the locks beside, by path.
    func records() -> [String] {
        let all = FileManager.default.subpaths(atPath: statePath) ?? []
        return all.filter { $0.contains(".") || $0.hasPrefix("results/") }.filter { !$0.hasPrefix("lock/") }.sorted()
    }

    @discardableResult
    static func ip(_ arguments: String...) throws -> String {
        let outcome = try ChildProcess("/sbin/ip", arguments: ["ip"] + arguments).run(until: .after(seconds: 60))
        let complaint = String(decoding: outcome.errorOutput, as: UTF8.self)
        try #require(outcome.ending == .exited(0), "ip \(arguments.joined(separator: " ")): \(complaint)")
        return String(decoding: outcome.output, as: UTF8.self)
    }
}

extension JSONObject {
    fileprivate init(_ members: [String: JSONValue]) {
        self.init()
        for (key, value) in members.sorted(by: { $0.key < $1.key }) { self[key] = value }
    }
}
