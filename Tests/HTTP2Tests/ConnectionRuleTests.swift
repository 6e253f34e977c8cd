import HTTP2
import Testing

/// A frame no peer may send to a server with streams 1 (open) and 3 (half-closed by the peer).
struct WrongFrame: Sendable, CustomTestStringConvertible {
    let rule: String
    let frames: [RawFrame]
    let code: ErrorCode

    init(_ rule: String, _ code: ErrorCode, _ frames: RawFrame...) {
        self.rule = rule
        self.frames = frames
        self.code = code
    }

    var testDescription: String { rule }
}

@Suite struct ConnectionRuleTests {
    static let connectionErrors = [
        WrongFrame("§4.2 larger than 16,384", .frameSizeError, .data(1, Array(repeating: 0, count: 16_385))),
        WrongFrame("§4.3 a header block that does not decode", .compressionError, .headers(5, hex("80"))),
        WrongFrame("§5.1 DATA on an idle stream", .protocolError, .data(5, [1])),
        WrongFrame("§5.1 RST_STREAM on an idle stream", .protocolError, .reset(5)),
        WrongFrame("§5.1 WINDOW_UPDATE on an idle stream", .protocolError, .windowUpdate(5, 1)),
        WrongFrame("§5.1.1 an even stream from a client", .protocolError, .headers(4, hex("83"))),
        WrongFrame("§6.1 DATA on stream 0", .protocolError, .data(0, [1])),
        WrongFrame(
            "§6.1 padding as long as the payload",
            .protocolError,
            RawFrame(type: 0, flags: 8, stream: 1, payload: [3, 0, 0])
        ),
        WrongFrame("§6.1 padded with no room for its length", .frameSizeError, RawFrame(type: 0, flags: 8, stream: 1)),
        WrongFrame("§6.2 HEADERS on stream 0", .protocolError, .headers(0, hex("83"))),
        WrongFrame(
            "§6.2 padding into the priority",
            .protocolError,
            RawFrame(type: 1, flags: 0x2c, stream: 5, payload: [1, 0, 0, 0, 0, 0])
        ),
        WrongFrame("§6.2 a block interrupted by DATA", .protocolError, .headers(5, [], whole: false), .data(1, [1])),
        WrongFrame(
            "§6.2 a block continued on another stream",
            .protocolError,
            .headers(5, [], whole: false),
            .continuation(1, [], whole: true)
        ),
        WrongFrame(
            "§6.2 a block interrupted by an unknown type",
            .protocolError,
            .headers(5, [], whole: false),
            RawFrame(type: 0x77)
        ),
        WrongFrame("§6.3 PRIORITY on stream 0", .protocolError, RawFrame(type: 2, payload: [0, 0, 0, 0, 0])),
        WrongFrame("§6.4 RST_STREAM on stream 0", .protocolError, .reset(0)),
        WrongFrame("§6.4 RST_STREAM of 3 octets", .frameSizeError, RawFrame(type: 3, stream: 1, payload: [0, 0, 0])),
        WrongFrame("§6.5 SETTINGS on a stream", .protocolError, RawFrame(type: 4, stream: 1)),
        WrongFrame("§6.5 SETTINGS of 5 octets", .frameSizeError, RawFrame(type: 4, payload: [0, 0, 0, 0, 0])),
        WrongFrame(
            "§6.5 a SETTINGS acknowledgement with a payload",
            .frameSizeError,
            RawFrame(type: 4, flags: 1, payload: [0, 1, 0, 0, 0, 0])
        ),
        WrongFrame("§6.5.2 ENABLE_PUSH of 2", .protocolError, .settings([(2, 2)])),
        WrongFrame("§6.5.2 INITIAL_WINDOW_SIZE of 2^31", .flowControlError, .settings([(4, 1 << 31)])),
        WrongFrame("§6.5.2 MAX_FRAME_SIZE of 16,383", .protocolError, .settings([(5, 16_383)])),
        WrongFrame("§6.5.2 MAX_FRAME_SIZE of 2^24", .protocolError, .settings([(5, 1 << 24)])),
        WrongFrame("§6.6 PUSH_PROMISE from a client", .protocolError, RawFrame(type: 5, flags: 4, stream: 1)),
        WrongFrame(
            "§6.7 PING on a stream",
            .protocolError,
            RawFrame(type: 6, stream: 1, payload: hex("0102030405060708"))
        ),
        WrongFrame("§6.7 PING of 7 octets", .frameSizeError, .ping(hex("01020304050607"))),
        WrongFrame(
            "§6.8 GOAWAY on a stream",
            .protocolError,
            RawFrame(type: 7, stream: 1, payload: hex("0000000000000000"))
        ),
        WrongFrame("§6.8 GOAWAY of 7 octets", .frameSizeError, RawFrame(type: 7, payload: hex("00000000000000"))),
        WrongFrame("§6.9 WINDOW_UPDATE of 3 octets", .frameSizeError, RawFrame(type: 8, payload: [0, 0, 1])),
        WrongFrame("§6.9 WINDOW_UPDATE of 0 on the connection", .protocolError, .windowUpdate(0, 0)),
        WrongFrame("§6.9.1 the connection window above 2^31 - 1", .flowControlError, .windowUpdate(0, 0x7fff_ffff)),
        WrongFrame(
            "§6.9.2 INITIAL_WINDOW_SIZE lifts a stream's window above 2^31 - 1",
            .flowControlError,
            .windowUpdate(1, 0x7fff_0000),
            .settings([(4, 0x7fff_ffff)])
        ),
        WrongFrame("§6.10 CONTINUATION without a block", .protocolError, .continuation(1, [], whole: true)),
        WrongFrame("§6.10 CONTINUATION on stream 0", .protocolError, .continuation(0, [], whole: true)),
    ]

    @Test(arguments: connectionErrors)
    func `a frame that breaks the connection's rules ends it with the rule's code`(wrong: WrongFrame) {
        let bench = benchWithStreams()
        for frame in wrong.frames { bench.send(frame) }
        guard case .failed(let violation)? = bench.events().last else {
            Issue.record("the connection goes on")
            return
        }
        #expect(violation.code == wrong.code)
        #expect(bench.failure() == wrong.code)
        #expect(bench.isFinished)
        bench.send(.ping(hex("0102030405060708")))
        #expect(bench.frames().isEmpty, "a failed connection answers nothing")
    }

    static let streamErrors = [
        WrongFrame("§5.1 DATA after END_STREAM", .streamClosed, .data(3, [1])),
        WrongFrame("§5.1 HEADERS after END_STREAM", .streamClosed, .headers(3, hex("00 0161 0162"), ends: true)),
        WrongFrame("§6.3 PRIORITY of 4 octets", .frameSizeError, RawFrame(type: 2, stream: 3, payload: [0, 0, 0, 0])),
        WrongFrame("§6.9 WINDOW_UPDATE of 0", .protocolError, .windowUpdate(3, 0)),
        WrongFrame("§6.9.1 a stream's window above 2^31 - 1", .flowControlError, .windowUpdate(3, 0x7fff_ffff)),
    ]

    @Test(arguments: streamErrors)
    func `a frame that breaks a stream's rules ends the stream and nothing else`(wrong: WrongFrame) {
        let bench = benchWithStreams()
        for frame in wrong.frames { bench.send(frame) }
        #expect(bench.events() == [.reset(StreamID(3), wrong.code, byPeer: false)])
        #expect(bench.resetCode(3) == wrong.code)
        bench.send(.data(1, [7], ends: true))
        #expect(bench.events() == [.data(StreamID(1), [7], endsStream: true)])
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX",
    ])
    func `§3.4 a server refuses another preface`(text: String) {
        let bench = Bench(.server)
        bench.machine.receive(Array(text.utf8), now: Bench.start)
        #expect(bench.failure() == .protocolError)
    }

    @Test(arguments: [RawFrame.ping(hex("0102030405060708")), .settingsAcknowledged])
    func `§3.4 the first frame has to be SETTINGS`(frame: RawFrame) {
        let bench = Bench(.server)
        bench.machine.receive(Bench.preface + frame.bytes, now: Bench.start)
        #expect(bench.failure() == .protocolError)
    }

    @Test func `§3.4 our SETTINGS are sent before anything is read`() {
        let server = Bench(.server).frames()
        #expect(server == [.settings([(3, 128), (6, 16_384)])])
        let client = Bench(.client)
        let greeting = client.machine.takeOutput()
        #expect(greeting.starts(with: Bench.preface))
        #expect(RawFrame.all(in: Array(greeting.dropFirst(24))) == [.settings([(2, 0), (6, 16_384)])])
    }

    @Test func `§6.5 a server that enables push is shown out`() {
        let bench = Bench.opened(.client)
        bench.send(.settings([(2, 1)]))
        #expect(bench.failure() == .protocolError)
    }

    @Test func `§5.5 unknown frames and settings are ignored, SETTINGS and PING are answered`() {
        let bench = Bench.opened(.server)
        bench.send(RawFrame(type: 0xbe, flags: 0xff, stream: 9, payload: [1, 2]), .settings([(0xfe03, 1)]))
        bench.send(.ping(hex("0204101009 0e0707")))
        let answer = RawFrame(type: 6, flags: 1, payload: hex("0204101009 0e0707"))
        #expect(bench.frames() == [.settingsAcknowledged, answer])
        #expect(bench.events().isEmpty)
    }

    private func benchWithStreams() -> Bench {
        let bench = Bench.opened(.server)
        bench.request(1)
        bench.request(3, ends: true)
        _ = bench.events()
        return bench
    }
}
