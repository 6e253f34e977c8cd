import HPACK
package import HTTP2

/// The number of a client's call on its connection.
package struct CallID: Hashable, Comparable, Sendable {
    package let number: Int

    package static func < (left: CallID, right: CallID) -> Bool { left.number < right.number }
}

/// The client's end of a gRPC connection: unary and server-streaming calls.
///
/// It governs calls from their request to their status, deadlines, and how far a peer may run ahead of a slow reader. What
/// HTTP/2 demands is ``HTTP2Connection``'s.
///
///     waiting ── stream opened ──▶ called ── headers ──▶ answering ── trailers ──▶ .ended
///        └──────────────┴── deadline, reset, connection lost ──┴──▶ .ended
///
/// One input, then drain, as ``HTTP2Connection`` says.
package struct GRPCClientConnection: ~Copyable {
    /// What has happened, for the owner.
    package enum Event: Equatable, Sendable {
        /// The connection is up.
        case opened
        /// A message of the answer. The owner reports with ``GRPCClientConnection/taken(_:on:)`` when its reader has it.
        case message(CallID, [UInt8])
        /// The call is over; `nil` for OK. No other event of this call follows.
        case ended(CallID, GRPCStatusError?)
        /// The peer broke the connection's rules; send what is in the output and close. All calls have ended.
        case failed(HTTP2Violation)
    }

    private struct Call {
        let kind: MethodKind
        let path: String
        let metadata: GRPCMetadata
        let deadline: ContinuousClock.Instant?
        /// The request's message, until the stream is open.
        var request: [UInt8]?
        var stream: StreamID?
        var hasHeaders = false
        var reader: MessageReader
        /// A unary answer is given out only when its status is known.
        var answer: [UInt8]?
        var undelivered = 0
        var heldCredit = 0
    }

    private var http: HTTP2Connection
    private let messageLimit: Int
    private var calls: [CallID: Call] = [:]
    private var callOfStream: [StreamID: CallID] = [:]
    /// Calls that wait for the connection to open or for a stream to become free.
    private var waiting: [CallID] = []
    private var nextCall = 1
    private var lost: GRPCStatusError?
    private var events = EventQueue<Event>()
    private var now: ContinuousClock.Instant

    /// The receive window of a stream, in octets; undelivered messages above half of it hold the peer back.
    package static let streamWindow = 1 << 20
    /// The receive window of the connection, in octets.
    package static let connectionWindow = 4 << 20

    /// Starts a connection; its preface and SETTINGS are in the output at once.
    ///
    /// - Parameters:
    ///   - messageLimit: the largest message of an answer accepted, in octets.
    ///   - now: the time.
    package init(messageLimit: Int = GRPCLimits.message, now: ContinuousClock.Instant) {
        var local = LocalSettings()
        local.initialWindowSize = GRPCClientConnection.streamWindow
        local.connectionWindowSize = GRPCClientConnection.connectionWindow
        self.http = HTTP2Connection(role: .client, local: local, now: now)
        self.messageLimit = messageLimit
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
        for id in calls.keys.sorted() where calls[id]?.deadline.map({ now >= $0 }) ?? false {
            abandon(id, .cancel, GRPCStatusError(.deadlineExceeded, "deadline exceeded"))
        }
    }

    /// The connection is gone: all calls end UNAVAILABLE for `reason`, those started later too.
    package mutating func connectionLost(_ reason: String) {
        let status = GRPCStatusError(.unavailable, reason)
        lost = lost ?? status
        for id in calls.keys.sorted() { end(id, status) }
    }

    // MARK: State

    /// When ``timePassed(now:)`` has to be called at the latest.
    package var deadline: ContinuousClock.Instant? {
        var earliest = http.deadline
        for call in calls.values {
            guard let deadline = call.deadline else { continue }
            earliest = min(earliest ?? deadline, deadline)
        }
        return earliest
    }

    /// Whether the owner may read from the peer.
    package var wantsInput: Bool { http.wantsInput }

    /// Whether the connection may be closed.
    package var isFinished: Bool { http.isFinished }

    /// Whether no call will succeed on this connection any more.
    package var isClosedToCalls: Bool { lost != nil || http.isClosedToStreams }

    /// The next thing that happened; `nil` when the owner knows all.
    package mutating func nextEvent() -> Event? { events.removeFirst() }

    /// Takes what is to be written to the peer now; empty when there is nothing.
    package mutating func takeOutput() -> [UInt8] {
        let output = http.takeOutput()
        drainHTTP()
        return output
    }

    // MARK: Orders

    /// Starts a call.
    ///
    /// - Parameters:
    ///   - path: `/service/method`.
    ///   - kind: how many messages answer it.
    ///   - message: the request.
    ///   - timeout: how long the caller waits; `nil` for ever.
    ///   - metadata: what goes along with the request.
    ///   - now: the time.
    /// - Returns: the call's number, for its events.
    package mutating func start(
        _ path: String,
        _ kind: MethodKind,
        _ message: [UInt8],
        timeout: Duration?,
        metadata: GRPCMetadata = GRPCMetadata(),
        now: ContinuousClock.Instant
    ) -> CallID {
        self.now = now
        let id = CallID(number: nextCall)
        nextCall += 1
        calls[id] = Call(
            kind: kind,
            path: path,
            metadata: metadata,
            deadline: timeout.map { now + $0 },
            request: message,
            reader: MessageReader(limit: messageLimit)
        )
        if let lost {
            end(id, lost)
        } else {
            waiting.append(id)
            startWaiting()
        }
        return id
    }

    /// Ends a call its caller lost interest in; no event of it follows.
    package mutating func cancel(_ id: CallID) {
        abandon(id, .cancel, GRPCStatusError(.cancelled, "cancelled"))
        events.removeAll { $0.isAbout(id) }
    }

    /// The reader of a streaming answer took a message of `octets`.
    package mutating func taken(_ octets: Int, on id: CallID) {
        guard calls[id] != nil else { return }
        calls[id]?.undelivered -= octets
        releaseCredit(id)
    }

    /// Starts no further calls; those that run go on to their end.
    package mutating func startDraining() {
        http.startDraining()
        lost = lost ?? GRPCStatusError(.unavailable, "the connection is being closed")
        failWaiting()
    }

    // MARK: Streams

    private mutating func startWaiting() {
        while let id = waiting.first, http.canOpenStream {
            waiting.removeFirst()
            guard let call = calls[id], let request = call.request else { continue }
            let timeout = call.deadline.map { $0 - now }
            let fields = CallFields.request(path: call.path, timeout: timeout, metadata: call.metadata.fields)
            guard fields.reduce(0, { $0 + $1.size }) <= http.peerMaxHeaderListSize else {
                end(id, GRPCStatusError(.internalError, "request fields above the peer's limit"))
                continue
            }
            guard let stream = http.openStream(fields, endsStream: false) else { return }
            http.sendData(MessageReader.frame(request), on: stream, endsStream: true)
            calls[id]?.request = nil
            calls[id]?.stream = stream
            callOfStream[stream] = id
        }
        if http.isClosedToStreams { failWaiting() }
    }

    private mutating func failWaiting() {
        for id in waiting { end(id, lost ?? GRPCStatusError(.unavailable, "the peer takes no more calls")) }
        waiting = []
    }

    private mutating func drainHTTP() {
        while let event = http.nextEvent() {
            switch event {
            case .opened: events.append(.opened)
            case .headers(let stream, let fields, let ends): receiveHeaders(stream, fields, endsStream: ends)
            case .data(let stream, let bytes, let ends): receiveData(stream, bytes, endsStream: ends)
            case .trailers(let stream, let fields):
                if let id = callOfStream[stream] { conclude(id, CallFields.status(in: fields)) }
            case .reset(let stream, let code, let byPeer): receiveReset(stream, code, byPeer: byPeer)
            case .drained, .goAwayReceived: continue
            case .failed(let violation):
                connectionLost("connection error: \(violation)")
                events.append(.failed(violation))
            }
        }
        startWaiting()
    }

    private mutating func receiveHeaders(_ stream: StreamID, _ fields: [HeaderField], endsStream: Bool) {
        guard let id = callOfStream[stream] else { return }
        let httpStatus = fields.text(of: ":status") ?? ""
        let contentType = fields.value(of: "content-type")
        let isGRPC = CallFields.isGRPC(contentType)
        // Early refusals of grpc-go carry an HTTP status and a grpc-status; the latter says more.
        let carriesStatus = isGRPC && endsStream && fields.value(of: "grpc-status") != nil
        guard carriesStatus || isGRPC && httpStatus == "200" else {
            let type = contentType.map { String(decoding: $0, as: UTF8.self) } ?? "none"
            let message = "not a gRPC answer: HTTP status \(httpStatus), content-type \(type)"
            return abandon(id, .protocolError, GRPCStatusError(StatusCode(httpStatus: httpStatus), message))
        }
        calls[id]?.hasHeaders = true
        if endsStream { conclude(id, CallFields.status(in: fields)) }
    }

    private mutating func receiveData(_ stream: StreamID, _ bytes: [UInt8], endsStream: Bool) {
        guard let id = callOfStream[stream], var reader = calls[id]?.reader else {
            return http.returnCredit(bytes.count, on: stream)
        }
        calls[id]?.reader = MessageReader(limit: 0)  // so that the buffers have one owner while they grow
        do throws(GRPCStatusError) {
            try reader.receive(bytes)
        } catch {
            return abandon(id, .cancel, error.code == .unimplemented ? compressed : error)
        }
        for message in reader.takeMessages() {
            guard take(message, of: id) else { return }
        }
        calls[id]?.reader = reader
        calls[id]?.heldCredit += bytes.count
        releaseCredit(id)
        guard endsStream else { return }
        abandon(id, .cancel, GRPCStatusError(.internalError, "the peer ended the stream without trailers"))
    }

    /// `false` if the call is over with it.
    private mutating func take(_ message: [UInt8], of id: CallID) -> Bool {
        guard let call = calls[id] else { return false }
        switch call.kind {
        case .serverStreaming:
            calls[id]?.undelivered += message.count
            events.append(.message(id, message))
        case .unary:
            guard call.answer == nil else {
                abandon(id, .cancel, GRPCStatusError(.internalError, "two messages answer a unary call"))
                return false
            }
            calls[id]?.answer = message
        }
        return true
    }

    /// Lets the peer send on, unless the reader is behind by more than half a window of whole messages.
    private mutating func releaseCredit(_ id: CallID) {
        guard let call = calls[id], let stream = call.stream, call.heldCredit > 0 else { return }
        guard call.undelivered <= GRPCClientConnection.streamWindow / 2 else { return }
        calls[id]?.heldCredit = 0
        http.returnCredit(call.heldCredit, on: stream)
    }

    private mutating func receiveReset(_ stream: StreamID, _ code: ErrorCode, byPeer: Bool) {
        guard let id = callOfStream[stream], let call = calls[id] else { return }
        let isLate = code == .cancel && call.deadline.map { now >= $0 } ?? false
        let status = isLate ? StatusCode.deadlineExceeded : StatusCode(reset: code)
        end(id, GRPCStatusError(status, byPeer ? "stream reset by the peer: \(code)" : "stream error: \(code)"))
    }

    // MARK: Ends of calls

    /// The peer's status is here.
    private mutating func conclude(_ id: CallID, _ status: GRPCStatusError) {
        guard let call = calls[id] else { return }
        // A peer that answers before it has read all of the request wants no more of it.
        if let stream = call.stream, http.queuedOctets(on: stream) > 0 { http.reset(stream, .cancel) }
        guard status.code == .ok else { return end(id, status) }
        guard call.reader.isBetweenMessages else {
            return end(id, GRPCStatusError(.internalError, "the answer ends inside a message"))
        }
        if call.kind == .unary {
            guard let answer = call.answer else {
                return end(id, GRPCStatusError(.internalError, "no message answers a unary call"))
            }
            events.append(.message(id, answer))
        }
        end(id, nil)
    }

    /// Ends a call whose stream the peer may still be using.
    private mutating func abandon(_ id: CallID, _ code: ErrorCode, _ status: GRPCStatusError) {
        guard let call = calls[id] else { return }
        if let stream = call.stream { http.reset(stream, code) }
        end(id, status)
    }

    private mutating func end(_ id: CallID, _ status: GRPCStatusError?) {
        guard let call = calls.removeValue(forKey: id) else { return }
        if let stream = call.stream { callOfStream[stream] = nil }
        if call.request != nil { waiting.removeAll { $0 == id } }
        events.append(.ended(id, status))
    }

    private var compressed: GRPCStatusError {
        GRPCStatusError(.internalError, "the answer is compressed, which was not asked for")
    }
}

extension GRPCClientConnection.Event {
    fileprivate func isAbout(_ id: CallID) -> Bool {
        switch self {
        case .message(let other, _), .ended(let other, _): other == id
        case .opened, .failed: false
        }
    }
}
