import Glibc

/// Which process a number means: the kernel gives numbers out again, but not with the same start time.
///
/// Valid within one boot; store ``Boot/id()`` beside it.
package struct ProcessIdentity: Hashable, Sendable {
    /// The process's number, in the PID namespace of whoever reads it.
    package let process: Int32
    /// When it started, in clock ticks since boot (field 22 of /proc/PID/stat).
    package let startTicks: UInt64

    /// Joins the two numbers, as a journal kept them.
    package init(process: Int32, startTicks: UInt64) {
        self.process = process
        self.startTicks = startTicks
    }

    /// The calling process.
    ///
    /// - Throws: ``SystemError`` if /proc cannot be read.
    package static func current() throws(SystemError) -> ProcessIdentity {
        let process = getpid()
        guard let status = try ProcessStatus(of: process) else {
            throw SystemError(call: "open", subject: "/proc/\(process)/stat", errno: ENOENT)
        }
        return ProcessIdentity(process: process, startTicks: status.startTicks)
    }

    /// Whether this very process still runs; one that ended and was not reaped does not.
    ///
    /// - Throws: ``SystemError`` if /proc cannot be read.
    package func isRunning() throws(SystemError) -> Bool {
        guard let status = try ProcessStatus(of: process) else { return false }
        return status.startTicks == startTicks && !status.hasEnded
    }
}

/// What /proc/PID/stat says of a process.
///
///     12 (a (b) c) S 1 12 12 0 -1 4194560 … 4711 …
///     pid  comm    state parent group          start time is field 22
///
/// - SeeAlso: proc_pid_stat(5)
struct ProcessStatus: Equatable {
    let process: pid_t
    let state: UInt8
    let parent: pid_t
    let group: pid_t
    let startTicks: UInt64

    /// A zombie, or one the kernel is taking apart.
    var hasEnded: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }

    /// Reads one process; `nil` if there is none of that number.
    init?(of process: pid_t) throws(SystemError) {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.read("/proc/\(process)/stat", limit: 4096)
        } catch {
            // ESRCH: it ended between open and read.
            guard error.errno == ENOENT || error.errno == ESRCH else { throw error }
            return nil
        }
        self.init(bytes)
    }

    /// Reads the line; the command's name may hold blanks and parentheses, so the last one ends it.
    init?(_ line: [UInt8]) {
        guard let open = line.firstIndex(of: UInt8(ascii: "(")), let close = line.lastIndex(of: UInt8(ascii: ")")),
            open < close, let process = pid_t(text(line[..<open].dropLast()))
        else { return nil }
        let fields = line[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count >= 20, let state = fields[0].first, let parent = pid_t(text(fields[1])),
            let group = pid_t(text(fields[2])), let startTicks = UInt64(text(fields[19]))
        else { return nil }
        self.process = process
        self.state = state
        self.parent = parent
        self.group = group
        self.startTicks = startTicks
    }

    /// Every process there is; those that end meanwhile are left out.
    static func all() throws(SystemError) -> [ProcessStatus] {
        var found: [ProcessStatus] = []
        for name in try Directory.entries("/proc") {
            guard let first = name.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
                let process = pid_t(name), let status = try ProcessStatus(of: process)
            else { continue }
            found.append(status)
        }
        return found
    }
}

private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
