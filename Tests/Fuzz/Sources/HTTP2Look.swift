import HPACK
import HTTP2

/// A peer's octets on one end of an HTTP/2 connection, whose owner answers what it is told of.
///
/// Of the output every frame has to be whole and of legal size. With an owner that only listens, the input has to give the
/// same events however it is cut.
struct HTTP2Look {
    private let role: HTTP2Role
    private let pieces: [[UInt8]]
    /// Time that passes between two pieces.
    private let step: Duration

    init(_ role: HTTP2Role, _ octets: [UInt8]) {
        self.role = role
        var input = Decisions(octets)
        let choice = input.octet()
        step = .milliseconds(Int(choice >> 1) * 10)
        var pieces = input.pieces()
        if choice & 1 == 0 { pieces.insert(HTTP2Look.beginning(of: role), at: 0) }
        self.pieces = pieces
    }

    /// Most inputs begin behind what a fuzzer would be long in finding.
    private static func beginning(of role: HTTP2Role) -> [UInt8] {
        switch role {
        case .server: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        case .client: [0, 0, 0, 4, 0, 0, 0, 0, 0]  // SETTINGS
        }
    }

    func look() {
        _ = run(pieces, isAnswering: true, step)
        let cut = run(pieces, isAnswering: false, .zero)
        let whole = run([pieces.first ?? [], pieces.dropFirst().flatMap { $0 }], isAnswering: false, .zero)
        claim(cut == whole, "cut: \(cut) whole: \(whole)")
    }

    /// - Returns: what the owner was told of the peer.
    private func run(_ pieces: [[UInt8]], isAnswering: Bool, _ step: Duration) -> [HTTP2Connection.Event] {
        var now = FuzzTime.start
        var machine = HTTP2Connection(role: role, now: now)
        var frames = OutputFrames()
        frames.skipPreface = role == .client
        var received: [HTTP2Connection.Event] = []
        for (index, piece) in pieces.enumerated() {
            machine.receive(piece, now: now)
            drain(&machine, isAnswering, &frames, &received)
            if role == .client, isAnswering || index == 0 { openStreams(&machine, withData: isAnswering) }
            now += step
            if let deadline = machine.deadline, deadline <= now { machine.timePassed(now: now) }
            drain(&machine, isAnswering, &frames, &received)
        }
        claim(machine.openStreams <= 128 || role == .client, "streams above the limit")
        machine.startDraining()
        drain(&machine, isAnswering, &frames, &received)
        claim(frames.isWhole, "the output ends inside a frame")
        return received
    }

    /// Without data what the peer may do depends on its own frames alone: our windows stay as it set them.
    private func openStreams(_ machine: inout HTTP2Connection, withData: Bool) {
        while machine.openStreams < 3, machine.canOpenStream {
            guard let id = machine.openStream(HTTP2Look.request, endsStream: !withData) else { return }
            machine.sendData(Array(repeating: 7, count: 30_000), on: id, endsStream: true)
        }
    }

    /// One input, then drain, until nothing comes.
    private func drain(
        _ machine: inout HTTP2Connection,
        _ isAnswering: Bool,
        _ frames: inout OutputFrames,
        _ received: inout [HTTP2Connection.Event]
    ) {
        while true {
            var isIdle = true
            while let event = machine.nextEvent() {
                isIdle = false
                if isAnswering { answer(event, on: &machine) }
                if case .drained = event { continue }
                received.append(event)
            }
            let output = machine.takeOutput()
            frames.take(output)
            if isIdle && output.isEmpty { return }
        }
    }

    private func answer(_ event: HTTP2Connection.Event, on machine: inout HTTP2Connection) {
        switch event {
        case .headers(let id, let fields, _):
            guard role == .server else { return }
            machine.sendHeaders(HTTP2Look.response, on: id, endsStream: false)
            machine.sendData(Array(repeating: 1, count: fields.count * 1000), on: id, endsStream: false)
            machine.sendTrailers([HeaderField("grpc-status", "0")], on: id)
        case .data(let id, let octets, _): machine.returnCredit(octets.count, on: id)
        default: return
        }
    }

    static let request = [
        HeaderField(":method", "POST"), HeaderField(":scheme", "http"), HeaderField(":path", "/a/b"),
        HeaderField("te", "trailers"),
    ]
    static let response = [HeaderField(":status", "200"), HeaderField("content-type", "application/grpc")]
}

/// The output of a machine, taken apart frame by frame.
struct OutputFrames {
    private var rest: [UInt8] = []
    var skipPreface = false

    var isWhole: Bool { rest.isEmpty }

    mutating func take(_ octets: [UInt8]) {
        rest += octets
        if skipPreface, rest.count >= 24 {
            rest.removeFirst(24)
            skipPreface = false
        }
        while rest.count >= 9 {
            let length = rest[..<3].reduce(0) { $0 << 8 | Int($1) }
            claim(length <= 16_384, "a frame of \(length) octets")
            claim(rest[3] <= 9, "a frame of type \(rest[3])")
            guard rest.count >= 9 + length else { return }
            rest.removeFirst(9 + length)
        }
    }
}

/// Time begins when the program does; the machines only see differences.
enum FuzzTime {
    static let start = ContinuousClock.now
}
