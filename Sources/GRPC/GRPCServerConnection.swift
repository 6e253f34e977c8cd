package import HPACK
package import HTTP2

/// What a server answers a method with.
package enum MethodKind: Sendable {
    case unary
    case serverStreaming
}

/// A call as its handler sees it.
package struct GRPCRequest: Equatable, Sendable {
    /// `/service/method`.
    package let path: String
    /// All fields of the request but the pseudo-header fields.
    package let metadata: [HeaderField]
    /// When the caller stops waiting.
    package let deadline: ContinuousClock.Instant?
    package let message: [UInt8]
}

/// The server's end of a gRPC connection: unary and server-streaming methods.
///
/// It governs requests up to their one message, deadlines, statuses, and how many handlers run. It leaves running them to
/// its owner, which reports each one's end. What HTTP/2 demands is ``HTTP2Connection``'s.
///
///     receiving ── one whole message, END_STREAM ──▶ .request ── handler: send…, finish ──▶ answered
///         └── refused by us ──▶ answered                └── .cancelled: reset, deadline, shutdown
///
/// One input, then drain, as ``HTTP2Connection`` says.
package struct GRPCServerConnection: ~Copyable {
    /// What has happened, for the owner.
    package enum Event: Equatable, Sendable {
        /// The connection is up.
        case opened
        /// A handler has to run; the owner calls ``GRPCServerConnection/handlerEnded(_:)`` when it is over, in any case.
        case request(StreamID, GRPCRequest)
        /// The running handler's answer is of no use any more.
        case cancelled(StreamID, GRPCStatusError)
        /// All messages sent on the call have left.
        case drained(StreamID)
        /// The peer broke the connection's rules; send what is in the output and close.
        case failed(HTTP2Violation)
    }

    private struct Call {
        let path: String
        let kind: MethodKind
        let metadata: [HeaderField]
        let deadline: ContinuousClock.Instant?
        /// When the request has to be whole.
        let requestDeadline: ContinuousClock.Instant
        var hasSentHeaders = false
    }

    private var http: HTTP2Connection
    private let methods: [String: MethodKind]
    private let messageLimit: Int
    private let handlerLimit: Int
    private var calls: [StreamID: Call] = [:]
    /// Of the calls whose request is not whole yet.
    private var readers: [StreamID: MessageReader] = [:]
    /// Handlers the owner has not reported as over, whatever became of their streams (CVE-2023-44487).
    private var handlers: Set<StreamID> = []
    /// Answers that wait for the peer's windows, and how long they may.
    private var stalled: [StreamID: ContinuousClock.Instant] = [:]
    private var bufferedOctets = 0
    private var events = EventQueue<Event>()
    private var now: ContinuousClock.Instant

    /// Starts a connection that was accepted; its SETTINGS are in the output at once.
    ///
    /// - Parameters:
    ///   - methods: by path, what is served; any other path is UNIMPLEMENTED.
    ///   - messageLimit: the largest request accepted, in octets.
    ///   - now: the time.
    package init(
        methods: [String: MethodKind],
        messageLimit: Int = GRPCLimits.message,
        now: ContinuousClock.Instant
    ) {
        let local = LocalSettings()
        self.http = HTTP2Connection(role: .server, local: local, now: now)
        self.methods = methods
        self.messageLimit = messageLimit
        self.handlerLimit = local.maxConcurrentStreams
        self.now = now
    }

    // MARK: Input

    /// Takes octets from the peer, cut anywhere.
    package mutating func receive(_ bytes: [UInt8], now: ContinuousClock.Instant) {
        self.now = now
        http.receive(bytes, now: now)
        drainHTTP()
    }

    /// Lets the machine see the time; to be called at ``deadline``.
    package mutating func timePassed(now: ContinuousClock.Instant) {
        self.now = now
        http.timePassed(now: now)
        drainHTTP()
        for (id, call) in calls where call.deadline.map({ now >= $0 }) ?? false {
            end(id, GRPCStatusError(.deadlineExceeded, "deadline exceeded"))
        }
        for id in readers.keys where calls[id].map({ now >= $0.requestDeadline }) ?? false {
            end(id, GRPCStatusError(.deadlineExceeded, "the request is not whole in time"))
        }
        for (id, limit) in stalled where now >= limit {
            stalled[id] = nil
            http.reset(id, .cancel)
        }
    }

    /// The connection is gone: all handlers are to stop.
    package mutating func connectionLost() {
        for id in calls.keys.sorted() { drop(id, GRPCStatusError(.cancelled, "the peer is gone")) }
    }

    // MARK: State

    /// When ``timePassed(now:)`` has to be called at the latest.
    package var deadline: ContinuousClock.Instant? {
        var earliest = http.deadline
        for call in calls.values { earliest = sooner(earliest, call.deadline) }
        for id in readers.keys { earliest = sooner(earliest, calls[id]?.requestDeadline) }
        for limit in stalled.values { earliest = sooner(earliest, limit) }
        return earliest
    }

    /// Whether the owner may read from the peer.
    package var wantsInput: Bool { http.wantsInput }

    /// Whether the connection may be closed.
    package var isFinished: Bool { http.isFinished }

    /// The next thing that happened; `nil` when the owner knows all.
    package mutating func nextEvent() -> Event? { events.removeFirst() }

    /// Takes what is to be written to the peer now; empty when there is nothing.
    package mutating func takeOutput() -> [UInt8] {
        let output = http.takeOutput()
        drainHTTP()
        return output
    }

    /// Whether messages can still be sent on the call.
    package func isRunning(_ id: StreamID) -> Bool { calls[id] != nil && readers[id] == nil }

    // MARK: Orders

    /// Sends a message of an answer; does nothing on a call that is over.
    ///
    /// - Parameters:
    ///   - message: the message.
    ///   - id: the call.
    ///   - headers: metadata that goes ahead of the first message; later it is too late for any.
    package mutating func send(_ message: [UInt8], on id: StreamID, headers: GRPCMetadata = GRPCMetadata()) {
        guard let call = calls[id], readers[id] == nil else { return }
        if !call.hasSentHeaders {
            http.sendHeaders(CallFields.response + headers.fields, on: id, endsStream: false)
            calls[id]?.hasSentHeaders = true
        }
        http.sendData(MessageReader.frame(message), on: id, endsStream: false)
    }

    /// Ends the answer; does nothing on a call that is over.
    ///
    /// - Parameters:
    ///   - id: the call.
    ///   - status: `nil` for OK.
    ///   - headers: metadata that goes ahead of the status, if no message has gone yet.
    ///   - trailers: metadata that goes with the status.
    ///   - now: the time.
    package mutating func finish(
        _ id: StreamID,
        _ status: GRPCStatusError?,
        headers: GRPCMetadata = GRPCMetadata(),
        trailers: GRPCMetadata = GRPCMetadata(),
        now: ContinuousClock.Instant
    ) {
        self.now = now
        guard let call = calls[id] else { return }
        let headerFields = call.hasSentHeaders ? [] : headers.fields
        answer(id, status ?? GRPCStatusError(.ok, ""), headerFields + trailers.fields)
    }

    /// The handler of a request is over, after ``finish(_:_:now:)`` or after it was told to stop.
    package mutating func handlerEnded(_ id: StreamID) { handlers.remove(id) }

    /// Takes no new calls; ends streaming ones with `status`, and the unary ones too unless they may finish.
    package mutating func shutDown(_ status: GRPCStatusError, endsUnary: Bool, now: ContinuousClock.Instant) {
        self.now = now
        http.startDraining()
        for (id, call) in calls where endsUnary || call.kind == .serverStreaming { end(id, status) }
    }

    // MARK: Events of HTTP/2

    private mutating func drainHTTP() {
        while let event = http.nextEvent() {
            switch event {
            case .opened: events.append(.opened)
            case .headers(let id, let fields, let ends): begin(id, fields, endsStream: ends)
            case .data(let id, let bytes, let ends): receive(bytes, on: id, endsStream: ends)
            case .trailers(let id, _): finishRequest(id)
            case .reset(let id, _, _):
                stalled[id] = nil
                drop(id, GRPCStatusError(.cancelled, "cancelled by the peer"))
            case .drained(let id):
                stalled[id] = nil
                if calls[id] != nil { events.append(.drained(id)) }
            case .goAwayReceived: continue
            case .failed(let violation):
                connectionLost()
                stalled = [:]
                events.append(.failed(violation))
            }
        }
    }

    private mutating func begin(_ id: StreamID, _ fields: [HeaderField], endsStream: Bool) {
        // A running call has its handler among those counted, a receiving one may yet come to have one.
        guard handlers.count + readers.count < handlerLimit else { return http.reset(id, .refusedStream) }
        guard fields.text(of: ":method") == "POST" else { return refuse(id, httpStatus: "405", endsStream) }
        guard CallFields.isGRPC(fields.value(of: "content-type")) else {
            return refuse(id, httpStatus: "415", endsStream)
        }
        let path = fields.text(of: ":path") ?? ""
        guard let kind = methods[path] else {
            return refuse(id, GRPCStatusError(.unimplemented, "unknown method \(path)"), endsStream)
        }
        if let encoding = fields.text(of: "grpc-encoding"), encoding != "identity" {
            return refuse(id, GRPCStatusError(.unimplemented, "grpc-encoding \(encoding) is not supported"), endsStream)
        }
        var deadline: ContinuousClock.Instant?
        if let text = fields.value(of: "grpc-timeout") {
            guard let timeout = GRPCTimeout.parse(text) else {
                return refuse(id, GRPCStatusError(.internalError, "malformed grpc-timeout"), endsStream)
            }
            guard timeout > .zero else {
                return refuse(id, GRPCStatusError(.deadlineExceeded, "deadline exceeded"), endsStream)
            }
            deadline = now + timeout
        }
        let metadata = fields.filter { $0.name.first != UInt8(ascii: ":") }
        calls[id] = Call(
            path: path,
            kind: kind,
            metadata: metadata,
            deadline: deadline,
            requestDeadline: now + GRPCLimits.requestTime
        )
        readers[id] = MessageReader(limit: messageLimit)
        if endsStream { finishRequest(id) }
    }

    private mutating func receive(_ bytes: [UInt8], on id: StreamID, endsStream: Bool) {
        http.returnCredit(bytes.count, on: id)
        // Taken out, so that the reader's buffers have one owner while they grow.
        guard var reader = takeReader(id) else { return }
        do throws(GRPCStatusError) {
            try reader.receive(bytes)
            guard bufferedOctets + reader.partialOctets <= GRPCLimits.bufferedRequests else {
                throw GRPCStatusError(.resourceExhausted, "too many large requests at a time")
            }
        } catch {
            calls[id] = nil
            return refuse(id, error, endsStream)
        }
        bufferedOctets += reader.partialOctets
        readers[id] = reader
        if endsStream { finishRequest(id) }
    }

    /// The caller's END_STREAM: there must be exactly one whole message.
    private mutating func finishRequest(_ id: StreamID) {
        guard let call = calls[id], var reader = takeReader(id) else { return }
        let messages = reader.takeMessages()
        guard messages.count == 1, let message = messages.first, reader.isBetweenMessages else {
            return answer(id, GRPCStatusError(.internalError, "request of \(messages.count) whole messages"))
        }
        handlers.insert(id)
        let request = GRPCRequest(path: call.path, metadata: call.metadata, deadline: call.deadline, message: message)
        events.append(.request(id, request))
    }

    // MARK: Ends of calls

    /// Answers a call that has no handler, and stops the caller from sending more.
    private mutating func refuse(_ id: StreamID, _ status: GRPCStatusError, _ hasEnded: Bool) {
        http.sendHeaders(CallFields.response + CallFields.trailers(status), on: id, endsStream: true)
        // "The server may request that the client abort transmission by sending RST_STREAM with NO_ERROR" (RFC 9113 §8.1).
        if !hasEnded { http.reset(id, .noError) }
    }

    private mutating func refuse(_ id: StreamID, httpStatus: String, _ hasEnded: Bool) {
        http.sendHeaders([HeaderField(":status", httpStatus)], on: id, endsStream: true)
        if !hasEnded { http.reset(id, .noError) }
    }

    /// Sends the status of a call whose request is whole.
    private mutating func answer(_ id: StreamID, _ status: GRPCStatusError, _ metadata: [HeaderField] = []) {
        guard let call = calls.removeValue(forKey: id) else { return }
        let trailers = CallFields.trailers(status) + metadata
        guard call.hasSentHeaders else {
            return http.sendHeaders(CallFields.response + trailers, on: id, endsStream: true)
        }
        if http.queuedOctets(on: id) > 0 { stalled[id] = now + GRPCLimits.stalledAnswer }
        http.sendTrailers(trailers, on: id)
    }

    /// Ends a call for a reason that is not its handler's.
    private mutating func end(_ id: StreamID, _ status: GRPCStatusError) {
        if takeReader(id) != nil {
            calls[id] = nil
            refuse(id, status, false)
        } else {
            events.append(.cancelled(id, status))
            answer(id, status)
        }
    }

    /// Forgets a call whose stream is gone.
    private mutating func drop(_ id: StreamID, _ status: GRPCStatusError) {
        guard calls.removeValue(forKey: id) != nil, takeReader(id) == nil else { return }
        events.append(.cancelled(id, status))
    }

    /// The reader of a call whose request is not whole yet; what it holds counts no more.
    private mutating func takeReader(_ id: StreamID) -> MessageReader? {
        guard let reader = readers.removeValue(forKey: id) else { return nil }
        bufferedOctets -= reader.partialOctets
        return reader
    }

    private func sooner(_ one: ContinuousClock.Instant?, _ other: ContinuousClock.Instant?) -> ContinuousClock.Instant?
    {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }
}
