import CNI
import Delegates
import Foundation
import JSON
import LinuxSystem

/// A plugin directory of shell scripts that write down how they were called.
final class ScriptedPlugins {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "plugins-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Makes a plugin that writes down its call, then does what `body` says in sh.
    func add(_ type: String, _ body: String) throws {
        let script = """
            #!/bin/sh
            cat > "$0.stdin.$CNI_COMMAND"
            env | grep '^CNI_' | sort > "$0.env.$CNI_COMMAND"
            echo "$CNI_COMMAND ${0##*/}" >> "${0%/*}/calls"
            \(body)
            """
        try Data(script.utf8).write(to: URL(filePath: "\(path)/\(type)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(path)/\(type)")
    }

    /// Makes a plugin that answers with a result.
    func add(_ type: String, result: JSONValue) throws {
        try add(type, "[ $CNI_COMMAND = ADD ] && echo '\(result.text)'\nexit 0")
    }

    /// The calls so far, "ADD macvlan", in order.
    var calls: [String] {
        let text = (try? String(contentsOfFile: "\(path)/calls", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// What a plugin got on standard input.
    func input(_ type: String, _ command: String = "ADD") throws -> JSONValue {
        try JSONValue(parsing: Array(try Data(contentsOf: URL(filePath: "\(path)/\(type).stdin.\(command)"))))
    }

    /// The `CNI_…` variables a plugin was given.
    func environment(_ type: String, _ command: String = "ADD") throws -> String {
        try String(contentsOfFile: "\(path)/\(type).env.\(command)", encoding: .utf8)
    }

    func invocation(_ command: CNIInvocation.Command) -> CNIInvocation {
        CNIInvocation(
            command: command,
            containerID: "c0ffee",
            networkNamespace: "/run/netns/pod",
            interfaceName: "net1",
            pluginPath: ["/nowhere", path]
        )
    }
}

/// A runner whose children find a shell's programs, with time enough for a busy machine.
func runner(until deadline: Deadline = .after(seconds: 60)) -> DelegateRunner {
    DelegateRunner(environment: ["PATH": "/usr/bin:/bin", "CNI_IFNAME": "eth0"], deadline: deadline)
}
