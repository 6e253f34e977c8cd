import HPACK
import HTTP2
import Testing

/// Each limit is crossed, and one step before it nothing happens.
@Suite struct LimitTests {
    @Test func `rapid reset: the client is shown out at the 201st`() {
        let bench = Bench.opened(.server)
        for index in 0..<UInt32(HTTP2Limits.resetsReceived) {
            bench.request(1 + 2 * index)
            bench.send(.reset(1 + 2 * index))
            _ = bench.frames()
        }
        bench.request(1001)
        #expect(bench.failure() == nil)
        bench.send(.reset(1001))
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test func `rapid reset: the count starts anew after its time`() {
        let bench = Bench.opened(.server)
        for index in 0..<UInt32(300) {
            if index == 150 { bench.now += HTTP2Limits.countingTime }
            bench.request(1 + 2 * index)
            bench.send(.reset(1 + 2 * index))
        }
        #expect(bench.failure() == nil)
    }

    @Test func `provoked resets: the peer is shown out at the 201st`() {
        let bench = Bench.opened(.server)
        for index in 0..<UInt32(HTTP2Limits.resetsProvoked) {
            bench.request(1 + 2 * index)
            bench.send(.windowUpdate(1 + 2 * index, 0))
            #expect(bench.resetCode(1 + 2 * index) == .protocolError)
        }
        bench.request(1001)
        bench.send(.windowUpdate(1001, 0))
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test func `CONTINUATION flood: eight follow HEADERS, a ninth does not`() {
        let bench = Bench.opened(.server)
        bench.send(.headers(1, bench.encoder.encode(Bench.request), whole: false))
        for _ in 0..<HTTP2Limits.continuations { bench.send(.continuation(1, [0x83], whole: false)) }
        #expect(bench.failure() == nil)
        bench.send(.continuation(1, [0x83], whole: true))
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test func `a header block above 16 KiB ends the connection before it is whole`() {
        let bench = Bench.opened(.server)
        bench.send(.headers(1, Array(repeating: 0x83, count: 16_384), whole: false))
        #expect(bench.failure() == nil)
        bench.send(.continuation(1, [0x83], whole: false))
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test func `a header list above the limit costs its stream, with the tables still in step`() {
        let bench = Bench.opened(.server)
        let large = (0..<10).map { HeaderField("x-\($0)", String(repeating: "e", count: 2000)) }
        bench.request(1, Bench.request + large)
        #expect(bench.resetCode(1) == .enhanceYourCalm)
        _ = bench.events()
        bench.request(3, Bench.request + large.suffix(1))
        #expect(bench.events() == [.headers(StreamID(3), Bench.request + large.suffix(1), endsStream: false)])
    }

    @Test func `an HPACK bomb ends the connection`() {
        let bench = Bench.opened(.server)
        let entry = hex("40 0161 7fa11e") + Array(repeating: 0x62, count: 4000)
        bench.send(.headers(1, entry + Array(repeating: 0xbe, count: 10_000)))
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test func `a header block that is not finished in time ends the connection`() throws {
        let bench = Bench.opened(.server)
        #expect(bench.deadline == nil)
        bench.send(.headers(1, [0x83], whole: false))
        let deadline = try #require(bench.deadline)
        bench.machine.timePassed(now: deadline - .nanoseconds(1))
        #expect(bench.failure() == nil)
        bench.machine.timePassed(now: deadline)
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test(arguments: [0, 23, 24])
    func `a half-open connection ends in time`(prefaceOctets: Int) throws {
        let bench = Bench(.server)
        bench.machine.receive(Array(Bench.preface.prefix(prefaceOctets)), now: Bench.start)
        #expect(bench.deadline == Bench.start + HTTP2Limits.handshakeTime)
        bench.machine.timePassed(now: Bench.start + HTTP2Limits.handshakeTime)
        #expect(bench.failure() == .protocolError)
    }

    @Test func `SETTINGS flood: too many frames in a while`() {
        let bench = Bench.opened(.server)
        for _ in 1..<HTTP2Limits.settingsFrames {
            bench.send(.settings())
            _ = bench.machine.takeOutput()
        }
        #expect(bench.failure() == nil)
        bench.send(.settings())
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test func `too many settings in a frame`() {
        let bench = Bench.opened(.server)
        bench.send(.settings(Array(repeating: (9, 1), count: HTTP2Limits.settingsInFrame)))
        #expect(bench.failure() == nil)
        bench.send(.settings(Array(repeating: (9, 1), count: HTTP2Limits.settingsInFrame + 1)))
        #expect(bench.failure() == .enhanceYourCalm)
    }

    @Test func `PING flood: while nobody reads our answers, nobody is read, and later nothing is lost`() {
        let bench = Bench.opened(.server)
        let pings = (0..<1000).flatMap { RawFrame.ping([0, 0, 0, 0, 0, 0, UInt8($0 / 256), UInt8($0 % 256)]).bytes }
        bench.machine.receive(pings, now: Bench.start)
        #expect(!bench.wantsInput)
        let first = RawFrame.all(in: bench.machine.takeOutput())
        #expect(first.count == HTTP2Limits.waitingReplies)
        let rest = bench.frames()
        #expect(first.count + rest.count == 1000)
        #expect(rest.last?.payload == [0, 0, 0, 0, 0, 0, 3, 231])
        #expect(bench.wantsInput)
    }

    @Test func `empty frames: the eleventh in a row is too many`() {
        let bench = Bench.opened(.server)
        bench.request(1)
        for _ in 0..<HTTP2Limits.emptyFramesInRow { bench.send(.data(1, [])) }
        bench.send(.data(1, [1]))
        for _ in 0..<HTTP2Limits.emptyFramesInRow { bench.send(.data(1, [])) }
        #expect(bench.failure() == nil)
        bench.send(.data(1, []))
        #expect(bench.failure() == .enhanceYourCalm)
    }
}
