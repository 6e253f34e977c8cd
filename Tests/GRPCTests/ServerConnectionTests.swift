import GRPC
import HPACK
import HTTP2
import Testing

@Suite struct ServerConnectionTests {
    let link = ServerLink()

    private func replacing(_ name: String, _ value: String?) -> [HeaderField] {
        let kept = ServerLink.request.filter { $0.nameText != name }
        guard let value else { return kept }
        let field = HeaderField(name, value)
        return name.hasPrefix(":") ? [field] + kept : kept + [field]
    }

    @Test func `a unary call is a request for the handler and its answer for the caller`() {
        let id = link.call([1, 2, 3])
        guard case .request(id, let request)? = link.events().first else {
            Issue.record("no request")
            return
        }
        #expect(request.path == "/t.T/Unary")
        #expect(request.message == [1, 2, 3])
        #expect(request.deadline == nil)
        #expect(request.metadata.map(\.nameText) == ["content-type", "te"])
        link.server.send([4, 5], on: id)
        link.server.finish(id, nil, now: link.now)
        link.server.handlerEnded(id)
        link.exchange()
        let response = [HeaderField(":status", "200"), HeaderField("content-type", "application/grpc")]
        #expect(
            link.answers == [
                .headers(id, response, endsStream: false),
                .data(id, frame([4, 5]), endsStream: false),
                .trailers(id, [HeaderField("grpc-status", "0"), HeaderField("grpc-message", "")]),
            ]
        )
    }

    @Test func `an empty message is a message`() {
        let id = link.call([])
        guard case .request(id, let request)? = link.events().first else {
            Issue.record("no request")
            return
        }
        #expect(request.message.isEmpty)
    }

    @Test func `an error is an answer of one HEADERS frame with HTTP status 200`() {
        let id = link.call()
        link.server.finish(id, GRPCStatusError(.notFound, "nö"), now: link.now)
        link.exchange()
        let fields = [
            HeaderField(":status", "200"), HeaderField("content-type", "application/grpc"),
            HeaderField("grpc-status", "5"), HeaderField("grpc-message", "n%C3%B6", indexing: .without),
        ]
        #expect(link.answers == [.headers(id, fields, endsStream: true)])
    }

    @Test(arguments: [
        ("/t.T/Nope", "12"), ("t.T/Unary", "12"), ("/t.T/Unary/", "12"), ("/t.T/unary", "12"), ("/", "12"),
    ])
    func `a path that is not exactly a method is UNIMPLEMENTED`(path: String, status: String) {
        let id = link.call(fields: replacing(":path", path))
        #expect(link.status(id) == status)
        #expect(link.events().isEmpty)
    }

    @Test(arguments: [
        ("grpc-encoding", "gzip", "12"), ("grpc-timeout", "5", "13"), ("grpc-timeout", "123456789n", "13"),
        ("grpc-timeout", "0n", "4"),
    ])
    func `a field we cannot honour is a status`(name: String, value: String, status: String) {
        let id = link.call(fields: replacing(name, value))
        #expect(link.status(id) == status)
        #expect(link.events().isEmpty)
    }

    @Test(arguments: [
        (":method", "GET", "405"), ("content-type", "application/json", "415"), ("content-type", nil, "415"),
        ("content-type", "application/grpcx", "415"),
    ])
    func `what is no gRPC request gets an HTTP status`(name: String, value: String?, status: String) {
        let id = link.call(fields: replacing(name, value))
        #expect(link.answers.first == .headers(id, [HeaderField(":status", status)], endsStream: true))
        #expect(link.events().isEmpty)
    }

    @Test(arguments: ["application/grpc+proto", "application/grpc;charset=utf-8"])
    func `a subtype of gRPC is gRPC`(contentType: String) {
        link.call(fields: replacing("content-type", contentType))
        #expect(link.events().count == 1)
    }

    @Test(
        arguments: [
            ("nothing", [], "13"), ("two messages", frame([1]) + frame([2]), "13"),
            ("half a message", [0, 0, 0, 0, 9, 1], "13"),
            ("half a prefix", [0, 0], "13"), ("a compressed one", frame([1], flag: 1), "12"),
            ("a flag of 2", frame([1], flag: 2), "13"),
        ] as [(String, [UInt8], String)]
    )
    func `a request has exactly one whole message`(what: String, octets: [UInt8], status: String) {
        let id = link.open(endsStream: octets.isEmpty)
        if !octets.isEmpty { link.peer.sendData(octets, on: id, endsStream: true) }
        link.exchange()
        #expect(link.status(id) == status)
        #expect(link.events().isEmpty)
    }

    @Test func `a message above the limit is refused by its prefix, and the caller told to stop`() {
        let link = ServerLink(messageLimit: 1000)
        let id = link.open(endsStream: false)
        link.peer.sendData([0, 0, 0, 3, 0xe9], on: id, endsStream: false)
        link.exchange()
        #expect(link.status(id) == "8")
        #expect(link.answers.last == .reset(id, .noError, byPeer: true))
        link.call(Array(repeating: 1, count: 1000))
        #expect(link.events().count == 1)
    }

    @Test func `requests that are not whole may hold only so much in all`() {
        let link = ServerLink(messageLimit: 12 << 20)
        var ids: [StreamID] = []
        for _ in 0..<2 {
            guard let id = link.peer.openStream(ServerLink.request, endsStream: false) else { continue }
            link.peer.sendData([0, 0, 0xb0, 0, 0] + Array(repeating: 0, count: 10 << 20), on: id, endsStream: false)
            ids.append(id)
        }
        link.exchange()
        #expect(ids.compactMap { link.status($0) } == ["8"])
    }

    @Test func `what whole, broken and refused requests held counts no more`() {
        let link = ServerLink(messageLimit: 12 << 20)
        let partial = [0, 0, 0xb0, 0, 0] + Array(repeating: UInt8(0), count: 10 << 20)
        for ending in 0..<6 {
            let id = link.open(endsStream: false)
            link.peer.sendData(partial, on: id, endsStream: ending % 3 == 0)
            link.exchange()
            #expect(link.status(id) == (ending % 3 == 0 ? "13" : nil))
            if ending % 3 == 1 { link.peer.reset(id, .cancel) }
            if ending % 3 == 2 { link.peer.sendData(Array(repeating: 0, count: 1 << 20), on: id, endsStream: true) }
            link.exchange()
        }
        #expect(link.events().count == 2)
    }

    @Test func `a deadline ends the call, and the handler is told to stop`() {
        let id = link.call(fields: ServerLink.request + [HeaderField("grpc-timeout", "50m")])
        _ = link.events()
        #expect(link.deadline == ServerLink.start + .milliseconds(50))
        link.server.timePassed(now: ServerLink.start + .milliseconds(49))
        #expect(link.events().isEmpty)
        link.server.timePassed(now: ServerLink.start + .milliseconds(50))
        #expect(link.events() == [.cancelled(id, GRPCStatusError(.deadlineExceeded, "deadline exceeded"))])
        link.server.finish(id, nil, now: link.now)
        link.exchange()
        #expect(link.status(id) == "4")
        #expect(link.deadline == nil)
    }

    @Test func `a caller that cancels, or is gone, stops its handlers`() {
        let first = link.call()
        let second = link.call()
        _ = link.events()
        link.peer.reset(first, .cancel)
        link.exchange()
        #expect(link.events() == [.cancelled(first, GRPCStatusError(.cancelled, "cancelled by the peer"))])
        link.server.connectionLost()
        #expect(link.events() == [.cancelled(second, GRPCStatusError(.cancelled, "the peer is gone"))])
    }

    @Test func `rapid reset: handlers count until they end, whatever became of their streams`() {
        for _ in 0..<128 { link.peer.reset(link.call(), .cancel) }
        link.exchange()
        let started = link.events().compactMap { event -> StreamID? in
            if case .request(let id, _) = event { id } else { nil }
        }
        #expect(started.count == 128)
        let refused = link.call()
        #expect(link.answers.last == .reset(refused, .refusedStream, byPeer: true))
        link.server.handlerEnded(started[0])
        link.call()
        #expect(link.events().count == 1)
    }

    @Test func `a stream of messages reports when they have left`() {
        let fields = replacing(":path", "/t.T/Stream")
        let id = link.call(fields: fields)
        _ = link.events()
        for size in [0, 10, 200_000] { link.server.send(Array(repeating: 1, count: size), on: id) }
        link.exchange()
        #expect(link.events().contains(.drained(id)))
        link.server.finish(id, nil, now: link.now)
        link.exchange()
        #expect(link.status(id) == "0")
        #expect(
            link.answers.contains { if case .data(id, let bytes, _) = $0 { bytes.count == 200_025 } else { false } }
        )
    }

    @Test func `metadata goes ahead of the first message and with the status`() throws {
        var (headers, trailers) = (GRPCMetadata(), GRPCMetadata())
        try headers.add("x-a", "1")
        try trailers.add("x-b-bin", [0xff])
        let id = link.call()
        link.server.send([1], on: id, headers: headers)
        link.server.send([2], on: id, headers: trailers)
        link.server.finish(id, nil, headers: headers, trailers: trailers, now: link.now)
        link.exchange()
        let response = [HeaderField(":status", "200"), HeaderField("content-type", "application/grpc")]
        let status = [HeaderField("grpc-status", "0"), HeaderField("grpc-message", "")]
        #expect(
            link.answers == [
                .headers(id, response + [HeaderField("x-a", "1")], endsStream: false),
                .data(id, frame([1]) + frame([2]), endsStream: false),
                .trailers(id, status + [HeaderField("x-b-bin", "/w")]),
            ]
        )
        link.answers = []
        let refused = link.call()
        link.server.finish(refused, GRPCStatusError(.ok, ""), headers: headers, trailers: trailers, now: link.now)
        link.exchange()
        let all = response + status + [HeaderField("x-a", "1"), HeaderField("x-b-bin", "/w")]
        #expect(link.answers == [.headers(refused, all, endsStream: true)])
    }

    @Test func `slow writer: a request that is not whole in time is ended, its memory given back`() {
        let id = link.open(endsStream: false)
        link.peer.sendData(Array(frame([1, 2, 3]).dropLast()), on: id, endsStream: false)
        link.exchange()
        #expect(link.deadline == link.now + GRPCLimits.requestTime)
        link.server.timePassed(now: link.now + GRPCLimits.requestTime - .nanoseconds(1))
        link.exchange()
        #expect(link.status(id) == nil)
        link.server.timePassed(now: link.now + GRPCLimits.requestTime)
        link.exchange()
        #expect(link.status(id) == "4")
        #expect(link.deadline == nil)
        #expect(link.events() == [])
        // A request that is whole has all the time its caller gives it.
        link.call()
        #expect(link.deadline == nil)
    }

    @Test func `an answer nobody reads is reset in time`() {
        let id = link.call()
        link.server.send(Array(repeating: 1, count: 100_000), on: id)
        link.server.finish(id, nil, now: link.now)
        _ = link.server.takeOutput()  // which the caller never gets, nor gives credit for
        #expect(link.deadline == link.now + GRPCLimits.stalledAnswer)
        link.server.timePassed(now: link.now + GRPCLimits.stalledAnswer)
        #expect(link.deadline == nil)
        // RST_STREAM(CANCEL), as the wire has it.
        #expect(link.output().suffix(13) == [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8])
    }

    @Test func `an answer that is read after all is not reset`() {
        let id = link.call()
        link.server.send(Array(repeating: 1, count: 100_000), on: id)
        link.server.finish(id, nil, now: link.now)
        #expect(link.deadline != nil)
        link.exchange()
        #expect(link.status(id) == "0")
        #expect(link.deadline == nil)
    }

    @Test func `a shutdown ends streams with its status, lets unary calls finish, and is then done`() {
        let unary = link.call()
        let stream = link.call(fields: replacing(":path", "/t.T/Stream"))
        _ = link.events()
        let status = GRPCStatusError(.unavailable, "bye")
        link.server.shutDown(status, endsUnary: false, now: link.now)
        #expect(link.events() == [.cancelled(stream, status)])
        link.exchange()
        #expect(link.status(stream) == "14")
        #expect(link.status(unary) == nil)
        let isDoneEarly = link.server.isFinished
        #expect(!isDoneEarly)
        link.server.send([1], on: unary)
        link.server.finish(unary, nil, now: link.now)
        link.exchange()
        #expect(link.status(unary) == "0")
        let isDone = link.server.isFinished
        #expect(isDone)
    }
}
