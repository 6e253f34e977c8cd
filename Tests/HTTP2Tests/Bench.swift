import HPACK
import HTTP2

/// The octets of hexadecimal text; blanks separate what belongs together.
func hex(_ text: String) -> [UInt8] {
    let digits = text.compactMap { $0.hexDigitValue }
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// A frame as the tests see it, built and taken apart without the code under test.
struct RawFrame: Equatable, Sendable, CustomStringConvertible {
    var type: UInt8
    var flags: UInt8 = 0
    var stream: UInt32 = 0
    var payload: [UInt8] = []

    var bytes: [UInt8] {
        let count = payload.count
        let length = [16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
        return length + [type, flags] + RawFrame.big(stream) + payload
    }

    /// The first four octets of the payload at `offset` as a number.
    func number(at offset: Int = 0) -> UInt32 { payload.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | UInt32($1) } }

    var description: String { "type \(type) flags \(flags) stream \(stream) payload \(payload.prefix(32))" }

    static func all(in bytes: [UInt8]) -> [RawFrame] {
        var frames: [RawFrame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let count = head[..<3].reduce(0) { $0 << 8 | Int($1) }
            let stream = head[5...].reduce(0) { $0 << 8 | UInt32($1) }
            let payload = Array(rest.dropFirst(9).prefix(count))
            frames.append(RawFrame(type: head[3], flags: head[4], stream: stream, payload: payload))
            rest = rest.dropFirst(9 + count)
        }
        return frames
    }

    static func data(_ stream: UInt32, _ content: [UInt8], ends: Bool = false) -> RawFrame {
        RawFrame(type: 0, flags: ends ? 1 : 0, stream: stream, payload: content)
    }

    static func headers(_ stream: UInt32, _ block: [UInt8], ends: Bool = false, whole: Bool = true) -> RawFrame {
        RawFrame(type: 1, flags: (ends ? 1 : 0) | (whole ? 4 : 0), stream: stream, payload: block)
    }

    static func continuation(_ stream: UInt32, _ block: [UInt8], whole: Bool) -> RawFrame {
        RawFrame(type: 9, flags: whole ? 4 : 0, stream: stream, payload: block)
    }

    static func reset(_ stream: UInt32, _ code: ErrorCode = .cancel) -> RawFrame {
        RawFrame(type: 3, stream: stream, payload: big(code.rawValue))
    }

    static func settings(_ values: [(UInt16, UInt32)] = []) -> RawFrame {
        RawFrame(type: 4, payload: values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] + big($1) })
    }

    static let settingsAcknowledged = RawFrame(type: 4, flags: 1)

    static func ping(_ payload: [UInt8]) -> RawFrame { RawFrame(type: 6, payload: payload) }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> RawFrame {
        RawFrame(type: 8, stream: stream, payload: big(increment))
    }

    static func goAway(last: UInt32, _ code: ErrorCode = .noError) -> RawFrame {
        RawFrame(type: 7, payload: big(last) + big(code.rawValue))
    }

    private static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// A machine under test, whose peer the test plays frame by frame.
final class Bench {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let start = ContinuousClock.now
    static let request = [
        HeaderField(":method", "POST"), HeaderField(":scheme", "http"), HeaderField(":path", "/a/b"),
        HeaderField("te", "trailers"),
    ]

    var machine: HTTP2Connection
    var now = Bench.start
    /// The peer's encoder.
    var encoder = HPACKEncoder()

    init(_ role: HTTP2Role, _ local: LocalSettings = LocalSettings()) {
        machine = HTTP2Connection(role: role, local: local, now: Bench.start)
    }

    /// A machine whose handshake is over, its greeting taken.
    static func opened(
        _ role: HTTP2Role,
        _ local: LocalSettings = LocalSettings(),
        settings: [(UInt16, UInt32)] = []
    ) -> Bench {
        let bench = Bench(role, local)
        if role == .server { bench.machine.receive(preface, now: start) }
        bench.send(.settings(settings), .settingsAcknowledged)
        _ = bench.events()
        _ = bench.frames()
        return bench
    }

    var isFinished: Bool { machine.isFinished }
    var openStreams: Int { machine.openStreams }
    var isClosedToStreams: Bool { machine.isClosedToStreams }
    var deadline: ContinuousClock.Instant? { machine.deadline }
    var wantsInput: Bool { machine.wantsInput }

    func send(_ frames: RawFrame...) {
        for frame in frames { machine.receive(frame.bytes, now: now) }
    }

    /// The peer opens a stream with a whole request.
    func request(_ stream: UInt32, ends: Bool = false, _ fields: [HeaderField] = Bench.request) {
        send(.headers(stream, encoder.encode(fields), ends: ends))
    }

    func events() -> [HTTP2Connection.Event] {
        var events: [HTTP2Connection.Event] = []
        while let event = machine.nextEvent() { events.append(event) }
        return events
    }

    /// All that the machine has to say now.
    func frames() -> [RawFrame] {
        var bytes: [UInt8] = []
        while true {
            let output = machine.takeOutput()
            guard !output.isEmpty else { return RawFrame.all(in: bytes) }
            bytes += output
        }
    }

    /// The code of the GOAWAY the machine sent, if it failed.
    func failure() -> ErrorCode? {
        frames().last { $0.type == 7 }.map { ErrorCode(rawValue: $0.number(at: 4)) }
    }

    /// The code of the RST_STREAM the machine sent on a stream.
    func resetCode(_ stream: UInt32) -> ErrorCode? {
        frames().last { $0.type == 3 && $0.stream == stream }.map { ErrorCode(rawValue: $0.number()) }
    }
}
