import HPACK
import HTTP2
import Testing

@Suite struct StreamLifeTests {
    @Test func `a request with padding, priority, CONTINUATION and trailers arrives as its parts`() {
        let bench = Bench.opened(.server)
        let block = bench.encoder.encode(Bench.request)
        let padded = [2, 0, 0, 0, 0, 0x10] + block.prefix(2) + [0, 0]
        bench.send(
            RawFrame(type: 1, flags: 0x28, stream: 1, payload: padded),
            .continuation(1, Array(block.dropFirst(2).prefix(3)), whole: false),
            .continuation(1, Array(block.dropFirst(5)), whole: true),
            RawFrame(type: 0, flags: 8, stream: 1, payload: [3] + Array("hello".utf8) + [0, 0, 0]),
            .headers(1, bench.encoder.encode([HeaderField("x", "y")]), ends: true)
        )
        #expect(
            bench.events() == [
                .headers(StreamID(1), Bench.request, endsStream: false),
                .data(StreamID(1), Array("hello".utf8), endsStream: false),
                .trailers(StreamID(1), [HeaderField("x", "y")]),
            ]
        )
    }

    @Test func `an answer leaves as HEADERS, DATA and trailers, and the stream is closed`() throws {
        let bench = Bench.opened(.server)
        bench.request(1, ends: true)
        bench.machine.sendHeaders([HeaderField(":status", "200")], on: StreamID(1), endsStream: false)
        bench.machine.sendData([1, 2, 3], on: StreamID(1), endsStream: false)
        bench.machine.sendTrailers([HeaderField("grpc-status", "0")], on: StreamID(1))
        let frames = bench.frames()
        #expect(frames.map(\.type) == [1, 0, 1])
        #expect(frames.map(\.flags) == [4, 0, 5])
        #expect(bench.openStreams == 0)
        // A frame from the moment before is taken, RST_STREAM(NO_ERROR) above all.
        bench.send(.reset(1, .noError), .windowUpdate(1, 10))
        #expect(bench.failure() == nil)
    }

    @Test func `§5.1 HEADERS on a stream that both sides ended are a connection error`() {
        let bench = Bench.opened(.server)
        bench.request(1, ends: true)
        bench.machine.sendHeaders([HeaderField(":status", "200")], on: StreamID(1), endsStream: true)
        bench.request(1)
        #expect(bench.failure() == .streamClosed)
    }

    @Test func `only the last closed streams are remembered`() {
        let bench = Bench.opened(.server)
        for index in 0..<UInt32(300) {
            bench.request(1 + 2 * index, ends: true)
            bench.machine.sendHeaders([HeaderField(":status", "200")], on: StreamID(1 + 2 * index), endsStream: true)
            _ = bench.frames()
        }
        bench.request(1)
        #expect(bench.failure() == .protocolError, "and not STREAM_CLOSED as for one that is remembered")
    }

    @Test func `§4.3.1 a table we lowered has to be acknowledged by the peer's encoder`() {
        var local = LocalSettings()
        local.headerTableSize = 0
        let bench = Bench(.server, local)
        #expect(bench.frames().first == .settings([(1, 0), (3, 128), (6, 16_384)]))
        bench.machine.receive(Bench.preface, now: Bench.start)
        bench.send(.settings())
        bench.request(1)  // with the old table, as it was sent before our SETTINGS came
        bench.send(.settingsAcknowledged)
        bench.encoder.setPeerTableSizeLimit(0)
        bench.request(3)
        #expect(bench.failure() == nil)
        #expect(bench.events().count == 3)
        let lazy = Bench.opened(.server, local)
        lazy.request(1)
        #expect(lazy.failure() == .compressionError)
    }

    @Test func `§4.3.1 our encoder says that the peer lowered its table`() throws {
        let bench = Bench.opened(.client, settings: [(1, 0)])
        _ = bench.machine.openStream(Bench.request, endsStream: true)
        #expect(bench.frames().last?.payload.first == 0x20)
    }

    @Test func `§5.1.1 a stream below the last one is a connection error`() {
        let bench = Bench.opened(.server)
        bench.request(5)
        bench.request(3)
        #expect(bench.failure() == .protocolError)
    }

    @Test func `§5.1 a frame after the peer's RST_STREAM is a stream error`() {
        let bench = Bench.opened(.server)
        bench.request(1)
        bench.send(.reset(1), .data(1, [1]))
        #expect(bench.resetCode(1) == .streamClosed)
    }

    @Test func `what was on its way when we reset a stream is dropped, its window given back, its block decoded`() {
        let bench = Bench.opened(.server)
        bench.request(1)
        bench.machine.reset(StreamID(1), .cancel)
        for _ in 0..<3 { bench.send(.data(1, Array(repeating: 0, count: 16_000))) }
        bench.send(.headers(1, bench.encoder.encode([HeaderField("new", "entry")]), ends: true))
        _ = bench.events()
        let frames = bench.frames()
        #expect(frames.map(\.type) == [3, 8])
        #expect(frames.last == .windowUpdate(0, 48_000))
        // The entry of the ignored block is in the table: index 62.
        bench.request(3, Bench.request + [HeaderField("new", "entry")])
        #expect(
            bench.events() == [.headers(StreamID(3), Bench.request + [HeaderField("new", "entry")], endsStream: false)]
        )
    }

    @Test func `§5.1.2 a stream above the announced number is refused and the connection goes on`() {
        var local = LocalSettings()
        local.maxConcurrentStreams = 2
        let bench = Bench.opened(.server, local)
        for stream in [1, 3, 5] as [UInt32] { bench.request(stream) }
        #expect(bench.resetCode(5) == .refusedStream)
        #expect(bench.events().count == 2)
        bench.send(.reset(1))
        bench.request(7)
        #expect(bench.frames().isEmpty)
    }

    @Test func `§6.8 a draining server finishes its streams, ignores new ones and is then done`() {
        let bench = Bench.opened(.server)
        bench.request(1, ends: true)
        bench.machine.startDraining()
        #expect(bench.frames() == [.goAway(last: 1)])
        _ = bench.events()
        bench.request(3)
        bench.send(.data(3, [1], ends: true))
        #expect(bench.events().isEmpty)
        #expect(!bench.isFinished)
        bench.machine.sendHeaders([HeaderField(":status", "200")], on: StreamID(1), endsStream: true)
        _ = bench.frames()
        #expect(bench.isFinished)
    }

    @Test func `§6.8 a client hears that streams above the GOAWAY were not processed`() {
        let bench = Bench.opened(.client)
        for _ in 0..<2 { #expect(bench.machine.openStream(Bench.request, endsStream: true) != nil) }
        bench.send(.goAway(last: 1))
        #expect(
            bench.events() == [
                .goAwayReceived(lastStream: StreamID(1), .noError, debug: []),
                .reset(StreamID(3), .refusedStream, byPeer: true),
            ]
        )
        #expect(bench.machine.openStream(Bench.request, endsStream: true) == nil)
        #expect(bench.isClosedToStreams)
        #expect(bench.openStreams == 1)
    }

    @Test func `a client waits for SETTINGS and keeps to MAX_CONCURRENT_STREAMS`() {
        let bench = Bench(.client)
        #expect(bench.machine.openStream(Bench.request, endsStream: true) == nil)
        bench.send(.settings([(3, 1)]))
        #expect(bench.machine.openStream(Bench.request, endsStream: true) == StreamID(1))
        #expect(bench.machine.openStream(Bench.request, endsStream: true) == nil)
        bench.send(.reset(1))
        #expect(bench.machine.openStream(Bench.request, endsStream: true) == StreamID(3))
    }

    @Test func `1xx responses are skipped`() {
        let bench = Bench.opened(.client)
        _ = bench.machine.openStream(Bench.request, endsStream: true)
        bench.send(
            .headers(1, bench.encoder.encode([HeaderField(":status", "103")])),
            .headers(1, bench.encoder.encode([HeaderField(":status", "200")]), ends: true)
        )
        #expect(bench.events() == [.headers(StreamID(1), [HeaderField(":status", "200")], endsStream: true)])
    }

    @Test func `a header block above the frame size leaves in CONTINUATION frames of at most 16,384 octets`() {
        let bench = Bench.opened(.client, settings: [(5, 1 << 20)])
        let fields = Bench.request + (0..<40).map { HeaderField("x\($0)", String(repeating: "~", count: 1000)) }
        _ = bench.machine.openStream(fields, endsStream: false)
        let frames = bench.frames()
        #expect(frames.map(\.type) == [1, 9, 9])
        #expect(frames.map(\.flags) == [0, 0, 4])
        #expect(frames.map(\.payload.count).max() == 16_384)
        var decoder = HPACKDecoder(listSizeLimit: 1 << 20)
        #expect(throws: Never.self) { try decoder.decode(frames.flatMap(\.payload)) }
    }
}
