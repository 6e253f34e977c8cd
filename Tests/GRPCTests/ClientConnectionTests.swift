import GRPC
import HPACK
import HTTP2
import Testing

@Suite struct ClientConnectionTests {
    let link = ClientLink()

    private func ended(_ events: [GRPCClientConnection.Event]) -> GRPCStatusError? {
        for case .ended(_, let status) in events { return status }
        return nil
    }

    @Test func `a request has the fields the protocol wants and one message`() {
        _ = link.start(.unary, [1, 2], timeout: .seconds(30))
        let fields = [
            HeaderField(":method", "POST"), HeaderField(":scheme", "http"), HeaderField(":path", "/t.T/M"),
            HeaderField(":authority", "localhost"), HeaderField("te", "trailers"),
            HeaderField("content-type", "application/grpc"), HeaderField("user-agent", "patchbay"),
            HeaderField("grpc-timeout", "30000000u", indexing: .without),
        ]
        #expect(
            link.requests == [
                .headers(StreamID(1), fields, endsStream: false),
                .data(StreamID(1), frame([1, 2]), endsStream: true),
            ]
        )
    }

    @Test func `a unary answer is its message and OK`() {
        let id = link.start()
        link.answer(1, data: frame([9]))
        #expect(link.events() == [.message(id, [9]), .ended(id, nil)])
    }

    @Test func `a streaming answer is each message as it comes, cut anywhere`() {
        let id = link.start(.serverStreaming)
        let octets = frame([1, 2, 3]) + frame([]) + frame([4])
        for octet in octets.dropLast() { link.peer.sendData([octet], on: StreamID(1), endsStream: false) }
        link.peer.sendHeaders(ClientLink.response, on: StreamID(1), endsStream: false)
        link.exchange()
        #expect(link.events() == [.message(id, [1, 2, 3]), .message(id, [])])
        link.peer.sendData([4], on: StreamID(1), endsStream: false)
        link.peer.sendTrailers([HeaderField("grpc-status", "0")], on: StreamID(1))
        link.exchange()
        #expect(link.events() == [.message(id, [4]), .ended(id, nil)])
    }

    /// What a server does wrong, and the status it becomes (grpc-go's, where the documents are silent).
    static let mistakes: [(String, [HeaderField], [UInt8], [HeaderField]?, StatusCode)] = [
        ("trailers-only", ClientLink.response + [HeaderField("grpc-status", "5")], [], nil, .notFound),
        (
            "an error after a message", ClientLink.response, frame([1]), [HeaderField("grpc-status", "8")],
            .resourceExhausted
        ),
        (
            "an error inside a message", ClientLink.response, [0, 0], [HeaderField("grpc-status", "8")],
            .resourceExhausted
        ),
        ("a status of its own", ClientLink.response, [], [HeaderField("grpc-status", "99")], StatusCode(rawValue: 99)),
        ("no grpc-status", ClientLink.response, frame([1]), [HeaderField("x", "y")], .unknown),
        ("a grpc-status with a sign", ClientLink.response, frame([1]), [HeaderField("grpc-status", "+0")], .unknown),
        ("an empty grpc-status", ClientLink.response, frame([1]), [HeaderField("grpc-status", "")], .unknown),
        ("no content-type", [HeaderField(":status", "200")], frame([1]), [HeaderField("grpc-status", "0")], .unknown),
        (
            "another content-type",
            [HeaderField(":status", "200"), HeaderField("content-type", "text/html")],
            [1],
            nil,
            .unknown
        ),
        ("400", [HeaderField(":status", "400")], [], nil, .internalError),
        ("401", [HeaderField(":status", "401")], [], nil, .unauthenticated),
        ("403", [HeaderField(":status", "403")], [], nil, .permissionDenied),
        ("404", [HeaderField(":status", "404")], [1], nil, .unimplemented),
        ("429", [HeaderField(":status", "429")], [], nil, .unavailable),
        ("503", [HeaderField(":status", "503")], [], nil, .unavailable),
        ("500", [HeaderField(":status", "500")], [], nil, .unknown),
        (
            "415 with a grpc-status",
            [
                HeaderField(":status", "415"), HeaderField("content-type", "application/grpc"),
                HeaderField("grpc-status", "3"),
            ],
            [],
            nil,
            .invalidArgument
        ),
        ("END_STREAM on DATA", ClientLink.response, frame([1]), nil, .internalError),
        ("OK with no message", ClientLink.response, [], [HeaderField("grpc-status", "0")], .internalError),
        (
            "OK with two", ClientLink.response, frame([1]) + frame([2]), [HeaderField("grpc-status", "0")],
            .internalError
        ),
        (
            "OK inside a message", ClientLink.response, frame([1]) + [0], [HeaderField("grpc-status", "0")],
            .internalError
        ),
        (
            "a compressed message", ClientLink.response, frame([1], flag: 1), [HeaderField("grpc-status", "0")],
            .internalError
        ),
        ("a flag of 7", ClientLink.response, frame([1], flag: 7), [HeaderField("grpc-status", "0")], .internalError),
        (
            "a message above 4 MiB",
            ClientLink.response,
            [0, 0, 0x40, 0, 1],
            [HeaderField("grpc-status", "0")],
            .resourceExhausted
        ),
    ]

    @Test(arguments: mistakes.indices)
    func `what a server says or does wrong becomes its status`(index: Int) {
        let (what, fields, data, trailers, code) = ClientConnectionTests.mistakes[index]
        let id = link.start()
        link.answer(1, fields, data: data, trailers: trailers)
        let events = link.events()
        #expect(events.count == 1, "\(what): \(events)")
        #expect(ended(events)?.code == code, "\(what)")
        #expect(events.first.map { if case .ended(id, _) = $0 { true } else { false } } == true)
    }

    @Test(arguments: [
        (ErrorCode.noError, StatusCode.internalError), (.protocolError, .internalError),
        (.internalError, .internalError),
        (.flowControlError, .resourceExhausted), (.enhanceYourCalm, .resourceExhausted), (.refusedStream, .unavailable),
        (.cancel, .cancelled), (.inadequateSecurity, .permissionDenied), (ErrorCode(rawValue: 0x99), .unknown),
    ])
    func `a reset stream becomes its status`(code: ErrorCode, status: StatusCode) {
        _ = link.start()
        link.peer.reset(StreamID(1), code)
        link.exchange()
        #expect(ended(link.events())?.code == status)
    }

    @Test func `a grpc-message is decoded`() {
        _ = link.start()
        link.answer(1, trailers: [HeaderField("grpc-status", "2"), HeaderField("grpc-message", "rejected%20by%3A x")])
        #expect(ended(link.events()) == GRPCStatusError(.unknown, "rejected by: x"))
    }

    @Test func `a deadline ends the call here and tells the server`() {
        let id = link.start(.unary, timeout: .milliseconds(10))
        #expect(link.deadline == link.now + .milliseconds(10))
        link.client.timePassed(now: link.now + .milliseconds(10))
        #expect(link.events() == [.ended(id, GRPCStatusError(.deadlineExceeded, "deadline exceeded"))])
        link.exchange()
        #expect(link.requests.last == .reset(StreamID(1), .cancel, byPeer: true))
    }

    @Test func `a cancelled call tells the server and is heard of no more`() {
        let id = link.start(.serverStreaming)
        link.client.cancel(id)
        link.exchange()
        #expect(link.requests.last == .reset(StreamID(1), .cancel, byPeer: true))
        #expect(link.events().isEmpty)
    }

    @Test func `a server that answers early and resets is heard`() {
        let id = link.client.start("/t.T/M", .unary, Array(repeating: 0, count: 1 << 20), timeout: nil, now: link.now)
        link.peer.receive(link.client.takeOutput(), now: link.now)
        link.peer.sendHeaders(
            ClientLink.response + [HeaderField("grpc-status", "8")],
            on: StreamID(1),
            endsStream: true
        )
        link.peer.reset(StreamID(1), .noError)
        link.exchange()
        #expect(link.events() == [.ended(id, GRPCStatusError(.resourceExhausted, ""))])
    }

    @Test func `calls above the server's limit wait for their turn`() {
        let link = ClientLink(maxConcurrentStreams: 1)
        let first = link.start()
        let second = link.start()
        #expect(link.requests.count == 2)
        link.answer(1, data: frame([1]))
        #expect(link.requests.count == 4)
        link.answer(3, data: frame([2]))
        #expect(
            link.events() == [.message(first, [1]), .ended(first, nil), .message(second, [2]), .ended(second, nil)]
        )
    }

    @Test func `a lost connection ends every call, and later ones at once`() {
        let id = link.start()
        link.client.connectionLost("gone")
        let status = GRPCStatusError(.unavailable, "gone")
        #expect(link.events() == [.ended(id, status)])
        let late = link.client.start("/t.T/M", .unary, [], timeout: nil, now: link.now)
        #expect(link.events() == [.ended(late, status)])
    }

    @Test func `a GOAWAY lets accepted calls finish and refuses later ones`() {
        let id = link.start()
        link.peer.startDraining()
        link.exchange()
        let late = link.start()
        #expect(ended(link.events())?.code == .unavailable)
        link.answer(1, data: frame([1]))
        #expect(link.events() == [.message(id, [1]), .ended(id, nil)])
        #expect(late > id)
    }

    @Test func `a reader that is behind holds the server back, and taking messages lets it on`() {
        let id = link.start(.serverStreaming)
        link.peer.sendHeaders(ClientLink.response, on: StreamID(1), endsStream: false)
        let message = Array(repeating: UInt8(1), count: 100_000)
        for _ in 0..<100 { link.peer.sendData(frame(message), on: StreamID(1), endsStream: false) }
        link.exchange()
        var waiting = link.events().count
        #expect(waiting < 2 * GRPCClientConnection.streamWindow / message.count)
        var received = 0
        while waiting > 0 {
            for _ in 0..<waiting { link.client.taken(message.count, on: id) }
            received += waiting
            link.exchange()
            waiting = link.events().count
        }
        #expect(received == 100)
    }

    @Test func `one message may be far larger than the window`() {
        let link = ClientLink(messageLimit: 16 << 20)
        let id = link.start(.serverStreaming)
        let message = Array(repeating: UInt8(3), count: 9 << 20)
        link.answer(1, data: frame(message))
        #expect(link.events() == [.message(id, message), .ended(id, nil)])
    }
}
