import CShims
import Glibc

/// A child that was started and not yet reaped, with our ends of its streams.
struct RunningChild: ~Copyable {
    private let process: pid_t
    private let leadsGroup: Bool
    private let subject: String
    /// Readable once the child has ended.
    private let ending: Descriptor
    private var input: Descriptor?
    private var pending: ArraySlice<UInt8>
    private var output: Captured
    private var errorOutput: Captured

    /// Starts the program.
    ///
    /// - Throws: ``SystemError`` of the step that failed; nothing runs then.
    static func start(_ child: ChildProcess) throws(SystemError) -> RunningChild {
        let input = try Pipe()
        let output = try Pipe()
        let errorOutput = try Pipe()
        for number in [input.writeEnd.rawValue, output.readEnd.rawValue, errorOutput.readEnd.rawValue] {
            _ = try systemCall("fcntl", "O_NONBLOCK") { patchbay_set_nonblocking(number) }
        }
        let process = try child.spawn(
            streams: (input.readEnd.rawValue, output.writeEnd.rawValue, errorOutput.writeEnd.rawValue)
        )
        return RunningChild(
            child,
            process: process,
            ending: try watch(process, child.program),
            input: input.keepingWriteEnd(),
            output: Captured(output.keepingReadEnd(), limit: child.outputLimit),
            errorOutput: Captured(errorOutput.keepingReadEnd(), limit: child.outputLimit)
        )
    }

    private init(
        _ child: ChildProcess,
        process: pid_t,
        ending: consuming Descriptor,
        input: consuming Descriptor,
        output: consuming Captured,
        errorOutput: consuming Captured
    ) {
        self.process = process
        self.leadsGroup = child.group == .own
        self.subject = child.program
        self.ending = ending
        self.input = consume input
        self.pending = child.input[...]
        self.output = output
        self.errorOutput = errorOutput
    }

    /// Feeds and listens until the child has ended or the deadline is there.
    ///
    /// Both directions at once: a child that writes much before it reads would else wait for us as we for it.
    mutating func finish(until deadline: Deadline) throws(SystemError) -> ChildOutcome {
        while true {
            if pending.isEmpty { input = nil }
            var watched = [
                pollfd(fd: ending.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errorOutput.rawValue, events: Int16(POLLIN), revents: 0),
                // Negative numbers are passed over.
                pollfd(fd: inputNumber, events: Int16(POLLOUT), revents: 0),
            ]
            _ = try systemCall("poll", subject) { poll(&watched, 4, deadline.pollMilliseconds) }
            if watched[3].revents != 0 { try feed() }
            try output.take(of: subject)
            try errorOutput.take(of: subject)
            if watched[0].revents != 0 { return outcome(try reap(), isExpired: false) }
            if deadline.isPast { return outcome(end(), isExpired: true) }
        }
    }

    /// Ends the child, with its group or all its descendants, and reaps it.
    ///
    /// A process that does not end within 5 s of SIGKILL hangs in the kernel and is left to it.
    @discardableResult
    mutating func end() -> CInt {
        // Not yet reaped: the number cannot belong to anyone else.
        if leadsGroup {
            kill(-process, SIGKILL)
        } else {
            ProcessTree(root: process).end()
        }
        var watched = pollfd(fd: ending.rawValue, events: Int16(POLLIN), revents: 0)
        let limit = Deadline.after(seconds: 5)
        while poll(&watched, 1, limit.pollMilliseconds) < 0, errno == EINTR {}
        var status: CInt = 0
        waitpid(process, &status, WNOHANG)
        return status
    }

    private func outcome(_ status: CInt, isExpired: Bool) -> ChildOutcome {
        let signal = status & 0x7f
        return ChildOutcome(
            ending: isExpired ? .expired : signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal),
            output: output.bytes,
            errorOutput: errorOutput.bytes,
            isOutputCut: output.isCut,
            isErrorOutputCut: errorOutput.isCut
        )
    }

    private func reap() throws(SystemError) -> CInt {
        var status: CInt = 0
        _ = try systemCall("waitpid", subject) { waitpid(process, &status, 0) }
        return status
    }

    /// The number to poll, -1 once all is written.
    private var inputNumber: CInt {
        switch input {
        case .some(let descriptor): descriptor.rawValue
        case .none: -1
        }
    }

    private mutating func feed() throws(SystemError) {
        let number = inputNumber
        do throws(SystemError) {
            let count = try systemCall("write", subject) {
                pending.withUnsafeBytes { patchbay_write_unsignalled(number, $0.baseAddress, $0.count) }
            }
            pending = pending.dropFirst(count)
        } catch {
            // A child may end, or close its input, without having read it all.
            guard error.errno == EPIPE else {
                guard error.errno == EAGAIN else { throw error }
                return
            }
            pending = []
        }
    }

    private static func watch(_ process: pid_t, _ subject: String) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return Descriptor(owning: try systemCall("pidfd_open", subject) { patchbay_process_descriptor(process) })
        } catch {
            kill(process, SIGKILL)
            while waitpid(process, nil, 0) < 0, errno == EINTR {}
            throw error
        }
    }
}

/// One output of a child: what it said so far, up to a limit.
private struct Captured: ~Copyable {
    private var descriptor: Descriptor?
    private let limit: Int
    private(set) var bytes: [UInt8] = []
    private(set) var isCut = false

    init(_ descriptor: consuming Descriptor, limit: Int) {
        self.descriptor = consume descriptor
        self.limit = limit
    }

    /// The number to poll, -1 after the end.
    var rawValue: CInt {
        switch descriptor {
        case .some(let descriptor): descriptor.rawValue
        case .none: -1
        }
    }

    /// Reads what is there, without waiting.
    ///
    /// A pipe holds at most 1 MiB, so 4 MiB is all that a process can have left behind at its end; one that never stops
    /// writing must not keep us from the clock.
    mutating func take(of subject: String) throws(SystemError) {
        for _ in 0..<64 {
            guard let part = try next(of: subject) else { return }
            if part.isEmpty {
                descriptor = nil
                return
            }
            isCut = isCut || part.count > limit - bytes.count
            bytes += part.prefix(max(0, limit - bytes.count))
        }
    }

    private borrowing func next(of subject: String) throws(SystemError) -> [UInt8]? {
        do throws(SystemError) {
            switch descriptor {
            case .some(let descriptor): return try descriptor.read(atMost: 65_536, of: subject)
            case .none: return nil
            }
        } catch {
            guard error.errno == EAGAIN else { throw error }
            return nil
        }
    }
}

extension ChildProcess {
    /// Starts the program with these standard streams.
    fileprivate func spawn(streams: (CInt, CInt, CInt)) throws(SystemError) -> pid_t {
        let variables = environment.map { "\($0.key)=\($0.value)" }.sorted()
        for text in [program] + arguments + variables { try requireNoZeroByte(text, call: "execve") }
        var process: pid_t = -1
        let number = withCStrings(arguments) { arguments in
            withCStrings(variables) { variables in
                program.withCString { program in
                    kept.withUnsafeBufferPointer { kept in
                        var child = patchbay_child()
                        child.program = program
                        child.arguments = arguments
                        child.environment = variables
                        (child.input, child.output, child.error) = streams
                        child.own_group = group == .own ? 1 : 0
                        child.kept = inheritance == .marked ? nil : kept.baseAddress
                        child.kept_count = kept.count
                        return patchbay_spawn(&child, &process)
                    }
                }
            }
        }
        guard number == 0 else { throw SystemError(call: "execve", subject: program, errno: number) }
        return process
    }

    /// Ascending, without the standard streams.
    private var kept: [CInt] {
        guard case .only(let numbers) = inheritance else { return [] }
        return Set(numbers).filter { $0 > 2 }.sorted()
    }
}

/// Lends the texts to C as an array of pointers that ends with `NULL`.
private func withCStrings<Value>(
    _ texts: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Value
) -> Value {
    var bytes = texts.flatMap { Array($0.utf8CString) }
    return bytes.withUnsafeMutableBufferPointer { buffer in
        var pointers: [UnsafeMutablePointer<CChar>?] = []
        var offset = 0
        for text in texts {
            pointers.append(buffer.baseAddress.map { $0 + offset })
            offset += text.utf8.count + 1
        }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
