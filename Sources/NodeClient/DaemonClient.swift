package import LinuxSystem
package import NodeProtocol

/// Why the daemon gave no answer.
package enum DaemonSilence: Error, Equatable, CustomStringConvertible {
    /// It could not be reached, or broke off.
    case unreachable(SystemError)
    /// What came is no answer.
    case unreadable(MessageError)
    /// Somebody who is not root listens on its socket.
    case impostor(user: UInt32)

    /// Whether a daemon that is being restarted looks like this.
    package var mayPass: Bool {
        switch self {
        case .unreachable, .unreadable(.cutOff): true
        case .unreadable, .impostor: false
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let error): "\(error)"
        case .unreadable(let error): "\(error)"
        case .impostor(let user): "user \(user) and not root listens on the daemon's socket"
        }
    }
}

/// Asks the daemon of this node: one request a connection.
package struct DaemonClient: Sendable {
    private let socketPath: String
    private let requiresRoot: Bool

    /// Names the socket.
    ///
    /// - Parameters:
    ///   - socketPath: Where the daemon listens.
    ///   - requiresRoot: Whether only root's answers count; for who carries out, as root, what the daemon answers.
    package init(socketPath: String = NodeWire.socketPath, requiresRoot: Bool) {
        self.socketPath = socketPath
        self.requiresRoot = requiresRoot
    }

    /// Asks once.
    ///
    /// - Throws: ``DaemonSilence``; an error that the daemon answers with is an answer.
    package func ask(_ request: NodeRequest, until deadline: Deadline) throws(DaemonSilence) -> NodeAnswer {
        let message: [UInt8]
        do throws(MessageError) { message = try framed(request.message()) } catch { throw .unreadable(error) }
        let stream = try connect(until: deadline)
        try reached { () throws(SystemError) in try stream.send(message, until: deadline) }
        let answer = try receive(from: stream, until: deadline)
        do throws(MessageError) { return try NodeAnswer(reading: answer) } catch { throw .unreadable(error) }
    }

    /// Asks again each tenth of a second until there is an answer: a daemon that is restarted is back soon.
    ///
    /// - Throws: ``DaemonSilence``, the last one, at the deadline; at once for one that waiting does not change.
    package func insist(_ request: NodeRequest, until deadline: Deadline) throws(DaemonSilence) -> NodeAnswer {
        while true {
            do throws(DaemonSilence) {
                return try ask(request, until: deadline)
            } catch {
                guard error.mayPass, !deadline.isPast else { throw error }
                pause(milliseconds: 100, until: deadline)
            }
        }
    }

    private func connect(until deadline: Deadline) throws(DaemonSilence) -> UnixStream {
        let stream = try reached { () throws(SystemError) in
            try UnixStream(connectingTo: socketPath, until: deadline)
        }
        guard requiresRoot else { return stream }
        let user = try reached { () throws(SystemError) in try stream.peer().user }
        guard user == 0 else { throw .impostor(user: user) }
        return stream
    }

    private func reached<Value: ~Copyable>(
        _ body: () throws(SystemError) -> Value
    ) throws(DaemonSilence) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw .unreachable(error)
        }
    }

    private func receive(from stream: borrowing UnixStream, until deadline: Deadline) throws(DaemonSilence) -> [UInt8] {
        var frame = MessageFrame()
        while true {
            let missing: Int
            do throws(MessageError) { missing = try frame.missing() } catch { throw .unreadable(error) }
            let bytes = try reached { () throws(SystemError) in
                try stream.receive(atMost: missing, until: deadline)
            }
            guard !bytes.isEmpty else { throw .unreadable(.cutOff(missing: missing)) }
            do throws(MessageError) {
                if let message = try frame.receive(bytes) { return message }
            } catch {
                throw .unreadable(error)
            }
        }
    }
}
