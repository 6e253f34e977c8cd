import GRPC
import HPACK
import HTTP2

/// A gRPC server's machine and a bare HTTP/2 client that the test plays.
final class ServerLink {
    static let start = ContinuousClock.now
    static let request = [
        HeaderField(":method", "POST"), HeaderField(":scheme", "http"), HeaderField(":path", "/t.T/Unary"),
        HeaderField("content-type", "application/grpc"), HeaderField("te", "trailers"),
    ]

    var server: GRPCServerConnection
    var peer = HTTP2Connection(role: .client, now: ServerLink.start)
    var now = ServerLink.start
    /// What the bare client saw, DATA joined by stream.
    var answers: [HTTP2Connection.Event] = []

    init(messageLimit: Int = GRPCLimits.message) {
        server = GRPCServerConnection(
            methods: ["/t.T/Unary": .unary, "/t.T/Stream": .serverStreaming],
            messageLimit: messageLimit,
            now: ServerLink.start
        )
        exchange()
        answers = []
        _ = events()
    }

    /// Carries octets both ways until neither side has any.
    func exchange() {
        while true {
            let up = peer.takeOutput()
            if !up.isEmpty { server.receive(up, now: now) }
            let down = server.takeOutput()
            if !down.isEmpty { peer.receive(down, now: now) }
            while let event = peer.nextEvent() { note(event) }
            if up.isEmpty && down.isEmpty { return }
        }
    }

    private func note(_ event: HTTP2Connection.Event) {
        if case .drained = event { return }
        guard case .data(let id, let bytes, let ends) = event else { return answers.append(event) }
        peer.returnCredit(bytes.count, on: id)
        if case .data(id, let earlier, _)? = answers.last {
            answers[answers.count - 1] = .data(id, earlier + bytes, endsStream: ends)
        } else {
            answers.append(event)
        }
    }

    func events() -> [GRPCServerConnection.Event] {
        var events: [GRPCServerConnection.Event] = []
        while let event = server.nextEvent() { events.append(event) }
        return events
    }

    var deadline: ContinuousClock.Instant? { server.deadline }

    func output() -> [UInt8] { server.takeOutput() }

    /// Begins a request.
    func open(endsStream: Bool) -> StreamID {
        peer.openStream(ServerLink.request, endsStream: endsStream) ?? StreamID(0)
    }

    /// Sends a whole request.
    @discardableResult
    func call(_ message: [UInt8] = [], fields: [HeaderField] = ServerLink.request) -> StreamID {
        let id = peer.openStream(fields, endsStream: false) ?? StreamID(0)
        peer.sendData(frame(message), on: id, endsStream: true)
        exchange()
        return id
    }

    /// The status of an answer, from its trailers or its only fields.
    func status(_ id: StreamID) -> String? {
        for event in answers.reversed() {
            switch event {
            case .trailers(id, let fields), .headers(id, let fields, true): return fields.text(of: "grpc-status")
            default: continue
            }
        }
        return nil
    }
}

/// A gRPC client's machine and a bare HTTP/2 server that the test plays.
final class ClientLink {
    var client: GRPCClientConnection
    var peer: HTTP2Connection
    var now = ServerLink.start
    /// What the bare server saw.
    var requests: [HTTP2Connection.Event] = []

    init(messageLimit: Int = GRPCLimits.message, maxConcurrentStreams: Int = 128) {
        var local = LocalSettings()
        local.maxConcurrentStreams = maxConcurrentStreams
        client = GRPCClientConnection(messageLimit: messageLimit, now: ServerLink.start)
        peer = HTTP2Connection(role: .server, local: local, now: ServerLink.start)
        exchange()
        _ = events()
        requests = []
    }

    func exchange() {
        while true {
            let down = peer.takeOutput()
            if !down.isEmpty { client.receive(down, now: now) }
            let up = client.takeOutput()
            if !up.isEmpty { peer.receive(up, now: now) }
            while let event = peer.nextEvent() {
                if case .data(let id, let bytes, _) = event { peer.returnCredit(bytes.count, on: id) }
                if case .drained = event { continue }
                requests.append(event)
            }
            if up.isEmpty && down.isEmpty { return }
        }
    }

    func events() -> [GRPCClientConnection.Event] {
        var events: [GRPCClientConnection.Event] = []
        while let event = client.nextEvent() { events.append(event) }
        return events
    }

    var deadline: ContinuousClock.Instant? { client.deadline }

    func start(
        _ kind: MethodKind = .unary,
        _ message: [UInt8] = [],
        timeout: Duration? = nil
    ) -> CallID {
        let id = client.start("/t.T/M", kind, message, timeout: timeout, now: now)
        exchange()
        return id
    }

    /// The bare server answers a call whole.
    func answer(
        _ stream: UInt32,
        _ fields: [HeaderField] = ClientLink.response,
        data: [UInt8] = [],
        trailers: [HeaderField]? = [HeaderField("grpc-status", "0")]
    ) {
        let id = StreamID(stream)
        peer.sendHeaders(fields, on: id, endsStream: trailers == nil && data.isEmpty)
        if !data.isEmpty { peer.sendData(data, on: id, endsStream: trailers == nil) }
        if let trailers { peer.sendTrailers(trailers, on: id) }
        exchange()
    }

    static let response = [HeaderField(":status", "200"), HeaderField("content-type", "application/grpc")]
}

/// A message with its prefix.
func frame(_ message: [UInt8], flag: UInt8 = 0) -> [UInt8] {
    [flag] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: message.count >> $0) } + message
}
