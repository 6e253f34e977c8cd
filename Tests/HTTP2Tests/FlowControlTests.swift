import HPACK
import HTTP2
import Testing

@Suite struct FlowControlTests {
    /// A server that wants to send `count` octets on stream 1.
    private func sending(_ count: Int, settings: [(UInt16, UInt32)] = []) -> Bench {
        let bench = Bench.opened(.server, settings: settings)
        bench.request(1, ends: true)
        bench.machine.sendHeaders([HeaderField(":status", "200")], on: StreamID(1), endsStream: false)
        bench.machine.sendData(Array(repeating: 7, count: count), on: StreamID(1), endsStream: false)
        _ = bench.events()
        return bench
    }

    private func dataSizes(_ bench: Bench) -> [Int] { bench.frames().filter { $0.type == 0 }.map(\.payload.count) }

    @Test func `data leaves in frames of at most 16,384 octets and stops at the window of 65,535`() {
        let bench = sending(100_000, settings: [(5, 1 << 20)])
        #expect(dataSizes(bench) == [16_384, 16_384, 16_384, 16_383])
        #expect(bench.events().isEmpty)
        bench.send(.windowUpdate(1, 20_000))
        #expect(dataSizes(bench).isEmpty, "the connection's window is used up")
        bench.send(.windowUpdate(0, 100_000))
        #expect(dataSizes(bench) == [16_384, 3_616])
        bench.send(.windowUpdate(1, 20_000))
        #expect(dataSizes(bench) == [14_465])
        #expect(bench.events() == [.drained(StreamID(1))])
    }

    @Test func `§6.9.2 a window may become negative and comes back`() {
        let bench = sending(100, settings: [(4, 60)])
        #expect(dataSizes(bench) == [60])
        bench.send(.settings([(4, 20)]))  // the window is now -40
        bench.send(.windowUpdate(1, 40))
        #expect(dataSizes(bench).isEmpty)
        bench.send(.windowUpdate(1, 1))
        #expect(dataSizes(bench) == [1])
        bench.send(.settings([(4, 1000)]))
        #expect(dataSizes(bench) == [39])
    }

    @Test func `a window that shrinks while data waits for it to be taken is kept`() {
        let bench = sending(100)
        bench.send(.settings([(4, 0)]))
        #expect(dataSizes(bench).isEmpty)
        bench.send(.settings([(4, 100)]))
        #expect(dataSizes(bench) == [100])
    }

    @Test func `trailers follow the data however late, and need no window`() {
        let bench = sending(10, settings: [(4, 4)])
        bench.machine.sendTrailers([HeaderField("grpc-status", "0")], on: StreamID(1))
        #expect(bench.frames().map(\.type) == [1, 0])
        bench.send(.windowUpdate(1, 6))
        #expect(bench.frames().map(\.type) == [0, 1])
        #expect(bench.openStreams == 0)
    }

    @Test func `an empty END_STREAM passes a window of 0`() {
        let bench = Bench.opened(.client, settings: [(4, 0)])
        let id = bench.machine.openStream(Bench.request, endsStream: false)
        #expect(id == StreamID(1))
        bench.machine.sendData([], on: StreamID(1), endsStream: true)
        #expect(bench.frames().last == .data(1, [], ends: true))
    }

    @Test func `streams take turns`() {
        let bench = Bench.opened(.server)
        for stream in [1, 3] as [UInt32] {
            bench.request(stream, ends: true)
            bench.machine.sendData(Array(repeating: 0, count: 30_000), on: StreamID(stream), endsStream: false)
        }
        #expect(bench.frames().filter { $0.type == 0 }.map(\.stream) == [1, 3, 1, 3])
    }

    @Test func `§6.9.1 DATA beyond the connection window ends the connection`() {
        let bench = Bench.opened(.server)
        for stream in [1, 3] as [UInt32] { bench.request(stream) }
        for stream in [1, 1, 3, 3] as [UInt32] { bench.send(.data(stream, Array(repeating: 0, count: 16_384))) }
        #expect(bench.failure() == .flowControlError)
    }

    @Test func `§6.9.1 DATA beyond a stream's window ends the stream, once our smaller window was acknowledged`() {
        var local = LocalSettings()
        local.initialWindowSize = 100
        let bench = Bench.opened(.server, local)
        bench.request(1)
        bench.send(.data(1, Array(repeating: 0, count: 101)))
        #expect(bench.resetCode(1) == .flowControlError)
    }

    @Test func `until our smaller window is acknowledged the peer may use the old one`() {
        var local = LocalSettings()
        local.initialWindowSize = 100
        let bench = Bench(.server, local)
        bench.machine.receive(Bench.preface, now: Bench.start)
        bench.send(.settings())
        bench.request(1)
        bench.send(.data(1, Array(repeating: 0, count: 500)))
        #expect(bench.resetCode(1) == nil)
        bench.send(.settingsAcknowledged, .data(1, [1]))  // the window is now -400
        #expect(bench.resetCode(1) == .flowControlError)
    }

    @Test func `credit is announced when half a window has come together, padding at once`() {
        let bench = Bench.opened(.server)
        bench.request(1)
        for _ in 0..<3 { bench.send(.data(1, Array(repeating: 0, count: 16_000))) }
        #expect(bench.frames().isEmpty)
        bench.machine.returnCredit(32_000, on: StreamID(1))
        #expect(bench.frames().isEmpty)
        bench.machine.returnCredit(16_000, on: StreamID(1))
        #expect(bench.frames() == [.windowUpdate(0, 48_000), .windowUpdate(1, 48_000)])
        bench.machine.returnCredit(1_000_000, on: StreamID(1))
        #expect(bench.frames().isEmpty, "no more is returned than was received")
    }

    @Test func `a stream the peer has ended gets no more credit, the connection does`() {
        let bench = Bench.opened(.server)
        bench.request(1)
        for _ in 0..<3 { bench.send(.data(1, Array(repeating: 0, count: 16_000))) }
        bench.send(.data(1, [], ends: true))
        bench.machine.returnCredit(48_000, on: StreamID(1))
        #expect(bench.frames() == [.windowUpdate(0, 48_000)])
    }

    @Test func `a stream that ends gives the connection its window back`() {
        let bench = Bench.opened(.server)
        bench.request(1)
        for _ in 0..<3 { bench.send(.data(1, Array(repeating: 0, count: 16_000))) }
        bench.send(.reset(1))
        #expect(bench.frames() == [.windowUpdate(0, 48_000)])
    }
}
