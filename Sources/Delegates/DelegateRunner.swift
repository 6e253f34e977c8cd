package import CNI
package import JSON
package import LinuxSystem

/// Runs CNI plugins as children: one, or a network's list of them.
///
/// A child is in this process's group and inherits the locks, so that whoever ends the group or waits for a lock has the
/// delegates with it. What a child says on standard error is passed on.
package struct DelegateRunner: Sendable {
    private let environment: [String: String]
    private let deadline: Deadline

    /// Makes a runner.
    ///
    /// - Parameters:
    ///   - environment: What children find beside the variables of their call.
    ///   - deadline: When a child that still runs is ended.
    package init(environment: [String: String] = Environment.variables(), deadline: Deadline) {
        self.environment = environment
        self.deadline = deadline
    }

    /// Runs one plugin to its end.
    ///
    /// - Parameters:
    ///   - type: The program, looked for in the directories of the invocation's path.
    ///   - invocation: What the plugin is told in its environment.
    ///   - request: What it gets on standard input.
    /// - Returns: The result of an ADD; `nil` if it printed none, and for other commands.
    /// - Throws: ``DelegateFailure``.
    package func run(
        type: String,
        _ invocation: CNIInvocation,
        request: JSONValue
    ) throws(DelegateFailure) -> CNIResult? {
        let program = try program(type, in: invocation.pluginPath)
        let call: DelegateCall
        do throws(CNIError) {
            call = try DelegateCall(invocation, request: request, inherited: environment)
        } catch {
            throw .invalidCall(error)
        }
        let outcome = try execute(program, call, type: type)
        do throws(CNIError) {
            return try call.outcome(try ending(outcome), output: outcome.output, diagnostics: outcome.errorOutput)
        } catch {
            throw outcome.ending == .expired ? .expired(type: type) : .refused(type: type, error)
        }
    }

    /// The program of a type: the first file of that name in the directories.
    ///
    /// - Throws: ``DelegateFailure/notFound(type:directories:)`` if there is none.
    package func program(_ type: String, in directories: [String]) throws(DelegateFailure) -> String {
        let search: DelegateSearch
        do throws(CNIError) {
            search = try DelegateSearch(type: type, directories: directories)
        } catch {
            throw .invalidCall(error)
        }
        do throws(SystemError) {
            for candidate in search.candidates where try File.exists(candidate) {
                if try !Directory.isDirectory(candidate) { return candidate }
            }
        } catch {
            throw .notRun(type: type, error)
        }
        throw .notFound(type: type, directories: directories)
    }

    private func execute(
        _ program: String,
        _ call: DelegateCall,
        type: String
    ) throws(DelegateFailure) -> ChildOutcome {
        var child = ChildProcess(program, environment: call.environment)
        child.input = call.input
        child.outputLimit = Self.outputLimit
        child.group = .inherited
        do throws(SystemError) {
            let outcome = try child.run(until: deadline)
            // A closed standard error takes nothing from the delegate's answer.
            try? StandardStreams.writeError(outcome.errorOutput)
            return outcome
        } catch {
            throw .notRun(type: type, error)
        }
    }

    private func ending(_ outcome: ChildOutcome) throws(CNIError) -> DelegateCall.Ending {
        guard !outcome.isOutputCut else {
            throw CNIError(.cannotDecode, "the delegate's answer is longer than \(Self.outputLimit) bytes")
        }
        return switch outcome.ending {
        case .exited(let status): .exited(Int(status))
        case .signalled(let signal): .killed(signal: Int(signal))
        case .expired: .killed(signal: 9)
        }
    }

    /// In bytes; guards our memory against a delegate that prints without end.
    ///
    /// A result of a hundred interfaces has
    /// about 20 KiB.
    private static let outputLimit = 1 << 20
}
