import Glibc

/// The processes of one operation: the program that leads it and what it started, recognised across processes and
/// restarts of ours.
///
/// A group outlives its leader, and the kernel gives its number to nobody while a member lives. Its identity is the
/// leader's start time: a leader that started at another time leads another group, and a member that started before
/// the leader belongs to another group.
package struct ProcessGroup: Hashable, Sendable {
    /// The process that gave the group its number; it may have ended.
    package let leader: ProcessIdentity

    /// The group a journal names.
    package init(leader: ProcessIdentity) {
        self.leader = leader
    }

    /// Makes the calling process lead a group of its own, unless it does already.
    ///
    /// - Throws: ``SystemError`` of `setpgid`, or if /proc cannot be read.
    package static func lead() throws(SystemError) -> ProcessGroup {
        // A session's leader leads its group already, and setpgid would refuse it.
        if getpgrp() != getpid() { _ = try systemCall("setpgid", "0") { setpgid(0, 0) } }
        return ProcessGroup(leader: try .current())
    }

    /// The members that run, the leader among them if it does.
    ///
    /// - Throws: ``SystemError`` if /proc cannot be read.
    package func members() throws(SystemError) -> [ProcessIdentity] {
        if let status = try ProcessStatus(of: leader.process), status.startTicks != leader.startTicks { return [] }
        return try ProcessStatus.all()
            .filter { $0.group == leader.process && $0.startTicks >= leader.startTicks && !$0.hasEnded }
            .map { ProcessIdentity(process: $0.process, startTicks: $0.startTicks) }
    }

    /// Whether any member runs.
    ///
    /// - Throws: ``SystemError`` if /proc cannot be read.
    package func isRunning() throws(SystemError) -> Bool {
        try !members().isEmpty
    }

    /// Ends every member with SIGKILL and waits until none runs; a group that is gone is ended already.
    ///
    /// Never to be called for the caller's own group.
    ///
    /// - Throws: ``SystemError`` of `kill`; ETIMEDOUT if a member still runs at the deadline; EINVAL for our own group.
    package func end(until deadline: Deadline) throws(SystemError) {
        let subject = "process group \(leader.process)"
        guard leader.process > 1, leader.process != getpgrp() else {
            throw SystemError(call: "kill", subject: subject, errno: EINVAL)
        }
        while try isRunning() {
            if kill(-leader.process, SIGKILL) != 0, errno != ESRCH {
                throw SystemError(call: "kill", subject: subject, errno: errno)
            }
            guard try isRunning() else { return }
            guard !deadline.isPast else { throw SystemError(call: "kill", subject: subject, errno: ETIMEDOUT) }
            pause(milliseconds: 2, until: deadline)
        }
    }
}

/// A process with all its descendants, for a child that shares our own group.
struct ProcessTree {
    let root: pid_t

    /// Ends all of it; what has been handed to another parent before is not found.
    ///
    /// Everybody is stopped first, top down: a process that is stopped starts no further one.
    func end() {
        kill(root, SIGSTOP)
        var stopped: Set<pid_t> = [root]
        // The number of rounds is the depth; the limit is against a tree that grows as fast as it is read.
        for _ in 0..<64 {
            let more = descendants().subtracting(stopped)
            if more.isEmpty { break }
            for process in more { kill(process, SIGSTOP) }
            stopped.formUnion(more)
        }
        for process in stopped { kill(process, SIGKILL) }
    }

    /// The root and all below it; only the root if /proc cannot be read, which is then all that can be done.
    private func descendants() -> Set<pid_t> {
        guard let all = try? ProcessStatus.all() else { return [root] }
        let children = Dictionary(grouping: all, by: \.parent)
        var found: Set<pid_t> = [root]
        var waiting = [root]
        while let process = waiting.popLast() {
            for child in children[process] ?? [] where found.insert(child.process).inserted {
                waiting.append(child.process)
            }
        }
        return found
    }
}
