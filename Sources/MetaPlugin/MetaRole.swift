import AttachmentStore
import Attachments
package import CNI
package import JSON
import LinuxSystem
import NodeClient

/// The meta-plugin: gives a pod its default network and the further ones it asks for, and takes them away again.
///
/// What to attach the daemon says; carrying it out, remembering it and undoing it is done here, so that DEL needs neither
/// the daemon nor anything else. Every step is undone from the container's journal, which stands on disk before the first.
///
///     ADD   lock container → ask for the plan → hold functions → journal → attach in order → report
///     DEL   lock container → journal → detach in reverse, all of it → journal away
package struct MetaRole {
    let invocation: CNIInvocation
    let configuration: MetaConfiguration
    let environment: [String: String]
    let state: StateDirectory
    let operation: Operation?

    /// Does what the runtime asks.
    ///
    /// - Parameters:
    ///   - invocation: The runtime's call.
    ///   - input: Our configuration, from standard input.
    ///   - environment: This process's; delegates get it.
    ///   - leadsGroup: Whether this process is the program: it then leads a group that the journal names, and who comes
    ///     after a hanging operation ends that group.
    /// - Returns: What to print; `nil` for nothing.
    /// - Throws: ``CNIError``: of a delegate its own code and message, with the network before it; code 11 for what may
    ///   be tried again.
    package static func run(
        _ invocation: CNIInvocation,
        _ input: JSONValue,
        environment: [String: String] = Environment.variables(),
        leadsGroup: Bool = false
    ) throws(CNIError) -> JSONValue? {
        guard invocation.command != .version else { return CNIVersion.answer(to: input) }
        let configuration = try MetaConfiguration(input)
        try invocation.requireCommand(in: configuration.version)
        let role = MetaRole(
            invocation: invocation,
            configuration: configuration,
            environment: environment,
            state: StateDirectory(environment: environment),
            operation: leadsGroup ? try leadGroup(invocation.command) : nil
        )
        switch invocation.command {
        case .add: return try role.add()
        case .del: try role.delete()
        case .status: try role.status()
        case .check, .gc, .version:
            throw CNIError(
                .invalidEnvironment,
                "CNI_COMMAND \(invocation.command.rawValue) is not supported by this release"
            )
        }
        return nil
    }

    private static func leadGroup(_ command: CNIInvocation.Command) throws(CNIError) -> Operation {
        let leader = try system("process group") { () throws(SystemError) in try ProcessGroup.lead().leader }
        return Operation(
            command: command.rawValue,
            processGroup: Int(leader.process),
            startTime: leader.startTicks
        )
    }

    var results: ResultCache { state.results }
    var daemon: DaemonClient { DaemonClient(socketPath: configuration.socketPath, requiresRoot: true) }

    /// Says something to a person who reads the runtime's log.
    func note(_ text: String) {
        // Nobody listens if standard error is closed; the answer does not depend on it.
        try? StandardStreams.writeError(Array("patchbay: \(invocation.containerID): \(text)\n".utf8))
    }
}

extension AttachmentRecord {
    /// The call as the network's delegates see it.
    func call(
        _ command: CNIInvocation.Command,
        containerID: String,
        _ namespacePath: String?,
        _ pluginPath: [String]
    ) throws(CNIError) -> CNIInvocation {
        CNIInvocation(
            command: command,
            containerID: containerID,
            networkNamespace: namespacePath,
            interfaceName: interfaceName,
            arguments: try CNIArguments(parsing: cniArguments ?? ""),
            pluginPath: pluginPath
        )
    }

    /// Whether the record was made by the runtime's call for this interface.
    func belongs(toCall interfaceName: String) -> Bool {
        call == interfaceName
    }
}
