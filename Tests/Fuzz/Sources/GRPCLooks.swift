import GRPC
import HPACK
import HTTP2

/// A caller's octets on a gRPC server, whose handlers answer at once, fail, or never end, as the request's length says.
enum GRPCServerLook {
    static func look(_ octets: [UInt8]) {
        var input = Decisions(octets)
        let step = Duration.milliseconds(Int(input.octet()) * 20)
        run([Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)] + input.pieces(), step)
    }

    static func run(_ pieces: [[UInt8]], _ step: Duration) {
        var now = FuzzTime.start
        var server = GRPCServerConnection(
            methods: ["/a/b": .unary, "/a/s": .serverStreaming],
            messageLimit: 100_000,
            now: now
        )
        var frames = OutputFrames()
        var running: Set<StreamID> = []
        for piece in pieces {
            server.receive(piece, now: now)
            drain(&server, &frames, &running, now)
            now += step
            if let deadline = server.deadline, deadline <= now { server.timePassed(now: now) }
            drain(&server, &frames, &running, now)
            claim(running.count <= 128, "\(running.count) handlers at a time")
        }
        server.shutDown(GRPCStatusError(.unavailable, "bye"), endsUnary: true, now: now)
        drain(&server, &frames, &running, now)
        claim(frames.isWhole, "the output ends inside a frame")
        server.connectionLost()
    }

    private static func drain(
        _ server: inout GRPCServerConnection,
        _ frames: inout OutputFrames,
        _ running: inout Set<StreamID>,
        _ now: ContinuousClock.Instant
    ) {
        while true {
            var isIdle = true
            while let event = server.nextEvent() {
                isIdle = false
                handle(event, &server, &running, now)
            }
            let output = server.takeOutput()
            frames.take(output)
            if isIdle && output.isEmpty { return }
        }
    }

    private static func handle(
        _ event: GRPCServerConnection.Event,
        _ server: inout GRPCServerConnection,
        _ running: inout Set<StreamID>,
        _ now: ContinuousClock.Instant
    ) {
        switch event {
        case .request(let id, let request):
            claim(running.insert(id).inserted, "a stream with two requests")
            switch request.message.count % 4 {
            case 0: return  // runs on
            case 1: server.finish(id, GRPCStatusError(.notFound, "nö %"), now: now)
            default:
                server.send(request.message + request.message, on: id)
                server.finish(id, nil, now: now)
            }
            server.handlerEnded(id)
            running.remove(id)
        case .cancelled(let id, _):
            guard running.remove(id) != nil else { return }
            server.handlerEnded(id)
        case .opened, .drained, .failed: return
        }
    }
}

/// A server's octets on a gRPC client with a call of each kind.
enum GRPCClientLook {
    static func look(_ octets: [UInt8]) {
        var input = Decisions(octets)
        let step = Duration.milliseconds(Int(input.octet()) * 20)
        var now = FuzzTime.start
        var client = GRPCClientConnection(messageLimit: 100_000, now: now)
        var frames = OutputFrames()
        frames.skipPreface = true
        var running: Set<CallID> = [
            client.start("/a/b", .unary, [1], timeout: .seconds(2), now: now),
            client.start("/a/s", .serverStreaming, [2, 3], timeout: nil, now: now),
            client.start("/a/b", .unary, Array(repeating: 1, count: 90_000), timeout: nil, now: now),
        ]
        for piece in input.pieces() {
            client.receive(piece, now: now)
            drain(&client, &frames, &running)
            now += step
            if let deadline = client.deadline, deadline <= now { client.timePassed(now: now) }
            drain(&client, &frames, &running)
        }
        client.connectionLost("gone")
        drain(&client, &frames, &running)
        claim(running.isEmpty, "a call without an end")
        claim(frames.isWhole, "the output ends inside a frame")
    }

    private static func drain(
        _ client: inout GRPCClientConnection,
        _ frames: inout OutputFrames,
        _ running: inout Set<CallID>
    ) {
        while true {
            var isIdle = true
            while let event = client.nextEvent() {
                isIdle = false
                switch event {
                case .message(let id, let message):
                    claim(running.contains(id), "a message after the end")
                    client.taken(message.count, on: id)
                case .ended(let id, _): claim(running.remove(id) != nil, "a call that ends twice")
                case .opened, .failed: break
                }
            }
            let output = client.takeOutput()
            frames.take(output)
            if isIdle && output.isEmpty { return }
        }
    }
}

/// Length-prefixed messages in DATA frames, cut where the input says, on well-formed streams.
enum FramingLook {
    static func look(_ octets: [UInt8]) {
        var input = Decisions(octets)
        var peer = HPACKEncoder()
        var stream: UInt32 = 1
        var bytes = frame(4, 0, 0, [])
        bytes += head(stream, &peer)
        for piece in input.pieces() {
            let ends = piece.count % 16 == 15
            bytes += frame(0, ends ? 1 : 0, stream, piece)
            guard ends else { continue }
            stream += 2
            bytes += head(stream, &peer)
        }
        GRPCServerLook.run([Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), bytes], .zero)
    }

    private static func head(_ stream: UInt32, _ encoder: inout HPACKEncoder) -> [UInt8] {
        let fields = HTTP2Look.request + [HeaderField("content-type", "application/grpc")]
        return frame(1, 4, stream, encoder.encode(fields))
    }

    private static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = [16, 8, 0].map { UInt8(truncatingIfNeeded: payload.count >> $0) }
        return length + [type, flags] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> $0) } + payload
    }
}
