import CShims
import Glibc

/// A program to be run to its end: what it gets, what it may keep open, how much of what it says is kept.
///
/// Every signal has its standard action in the child and none is blocked.
package struct ChildProcess: Sendable {
    /// Which process group the child is in, and so what ends with it.
    package enum GroupMembership: Equatable, Sendable {
        /// It leads a group of its own; at the deadline that group is ended.
        case own
        /// It is in this process's group, so whoever ends that group ends it too. At the deadline it is ended with
        /// all its descendants.
        case inherited
    }

    /// Which descriptors beside the standard streams stay open in the child.
    package enum Inheritance: Equatable, Sendable {
        /// Those not marked close-on-exec: in this house the locks. For a program with one thread.
        case marked
        /// Exactly these, whatever their mark; also safe while other threads open locks and start children.
        case only([CInt])
    }

    /// The file to execute; no search path is used.
    package var program: String
    /// What the program sees as its arguments, its own name first.
    package var arguments: [String]
    /// The whole environment; nothing is added.
    package var environment: [String: String]
    /// What it reads from standard input, which then ends.
    package var input: [UInt8] = []
    /// How many bytes are kept of each of its two outputs; the rest is read and dropped.
    package var outputLimit = 1 << 20
    package var group = GroupMembership.own
    package var inheritance = Inheritance.marked

    /// A program with its own path as its only argument, nothing in its environment and no input.
    package init(_ program: String, arguments: [String]? = nil, environment: [String: String] = [:]) {
        self.program = program
        self.arguments = arguments ?? [program]
        self.environment = environment
    }

    /// Runs it to its end, or ends it at the deadline.
    ///
    /// An executable that is open for writing (ETXTBSY: it is being installed) is tried again each second, 6 times, as
    /// the deadline allows. Output is taken until the program itself has ended: what a descendant that outlives it
    /// may write later is not waited for.
    ///
    /// - Throws: ``SystemError`` of the call that failed; of `execve` with the program's path if it cannot be executed.
    package func run(until deadline: Deadline) throws(SystemError) -> ChildOutcome {
        var running = try started(until: deadline)
        do throws(SystemError) {
            return try running.finish(until: deadline)
        } catch {
            // Nothing may be left running behind an error.
            running.end()
            throw error
        }
    }

    /// How often a busy executable is tried again.
    private static let busyRetries = 6

    private func started(until deadline: Deadline) throws(SystemError) -> RunningChild {
        var attempt = 0
        while true {
            do throws(SystemError) {
                return try RunningChild.start(self)
            } catch {
                guard error.errno == ETXTBSY, attempt < Self.busyRetries, !deadline.isPast else { throw error }
                attempt += 1
                pause(milliseconds: 1000, until: deadline)
            }
        }
    }
}

/// How a child ended and what it said.
package struct ChildOutcome: Equatable, Sendable {
    /// How a child ended.
    package enum Ending: Equatable, Sendable {
        /// It called exit with this status, 0 to 255.
        case exited(CInt)
        /// A signal ended it.
        case signalled(CInt)
        /// It had not ended at the deadline and was ended.
        case expired
    }

    package let ending: Ending
    /// What it wrote to standard output, up to the limit.
    package let output: [UInt8]
    /// What it wrote to standard error, up to the limit.
    package let errorOutput: [UInt8]
    /// Whether standard output went beyond the limit.
    package let isOutputCut: Bool
    /// Whether standard error went beyond the limit.
    package let isErrorOutputCut: Bool
}
