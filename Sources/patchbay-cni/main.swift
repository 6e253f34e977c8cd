import CNI
import Glibc
import JSON
import LinuxSystem
import MetaPlugin
import SRIOVPlugin

let release = "0.1.0"
let environment = Environment.variables()
/// The longest configuration, in bytes; guards our memory.
///
/// etcd takes no object above 1.5 MiB, so no configuration is longer.
let inputLimit = 4 << 20

/// What the caller sees of this call; the exit status.
func run(_ arguments: [String]) -> CInt {
    switch arguments.dropFirst().first {
    case "reconcile": return reconcile()
    case nil where environment["CNI_COMMAND"] == nil: return introduce()
    case nil: return answer(name: arguments.first ?? "")
    case let word?:
        say("patchbay-cni: unknown argument \(word); it takes CNI variables, or reconcile")
        return 2
    }
}

/// A person called it: says what it is, as CNI plugins do.
func introduce() -> CInt {
    let versions = CNIVersion.supported.map(\.description).joined(separator: ", ")
    say("Patchbay CNI \(release), roles patchbay and sriov\nCNI protocol versions supported: \(versions)")
    return 0
}

/// A runtime called it.
func answer(name: String) -> CInt {
    var version = CNIVersion.newest
    do {
        let input = try StandardStreams.readInput(limit: inputLimit)
        if let document = try? JSONValue(parsing: input), let declared = try? CNIVersion.declared(in: document) {
            version = declared
        }
        let invocation = try CNIInvocation(environment: environment)
        let called = invocation.command == .version ? { _, input in try versions(input) } : try role(name, input)
        let result = try called(invocation, input)
        if let result { try StandardStreams.writeOutput(result.serialized() + [0x0a]) }
        return 0
    } catch let error as CNIError {
        return fail(error, version)
    } catch {
        return fail(CNIError(.ioFailure, "\(error)"), version)
    }
}

/// Undoes what nobody owns any more and says what it did.
func reconcile() -> CInt {
    do {
        let path = environment["CNI_PATH"] ?? "/opt/cni/bin:/usr/lib/cni"
        let directories = path.split(separator: ":").map(String.init)
        let host = try FunctionHost(environment: environment, deadline: .after(seconds: 90))
        let deadline = Deadline.after(seconds: 90)
        let outcomes = try host.reconcile(pluginPath: directories) { attachment, journal in
            MetaRole.undo(
                attachment,
                of: journal,
                pluginPath: directories,
                environment: environment,
                until: deadline
            )
        }
        for outcome in outcomes { try StandardStreams.writeOutput(Array("\(outcome)\n".utf8)) }
        return outcomes.allSatisfy(\.failures.isEmpty) ? 0 : 1
    } catch {
        say("patchbay-cni: \((error as? SRIOVError)?.cniError.message ?? "\(error)")")
        return 1
    }
}

/// Every role speaks the same versions, and the configuration may not say which is meant.
func versions(_ input: [UInt8]) throws -> JSONValue { CNIVersion.answer(to: try SRIOVRole.document(input)) }

typealias Role = (CNIInvocation, [UInt8]) throws -> JSONValue?

/// By the name it was called by, else by the configuration's type.
func role(_ name: String, _ input: [UInt8]) throws -> Role {
    let called = name.split(separator: "/").last.map(String.init) ?? ""
    let type = try SRIOVRole.document(input)["type"]?.string
    switch ["patchbay", "sriov"].contains(called) ? called : type {
    case "sriov", "patchbay-sriov":
        return { try SRIOVRole.answer($0, input: $1, environment: environment, release: release) }
    case "patchbay", "multus", "multus-shim":
        return { try MetaRole.run($0, try SRIOVRole.document($1), environment: environment, leadsGroup: true) }
    case let other:
        throw CNIError(.invalidConfiguration, "no role for a program named \(called) and type \(other ?? "(none)")")
    }
}

func fail(_ error: CNIError, _ version: CNIVersion) -> CInt {
    // With standard output closed there is nobody left to tell but standard error.
    try? StandardStreams.writeOutput(error.json(version: version).serialized() + [0x0a])
    say("\(error)")
    return 1
}

func say(_ text: String) { try? StandardStreams.writeError(Array("\(text)\n".utf8)) }

exit(run(CommandLine.arguments))
