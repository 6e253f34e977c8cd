import GRPC
import Testing

/// A client's machine and a server's, the octets between them cut at will.
@Suite struct ConversationTests {
    private func converse(cut: (Int) -> Int) -> [String] {
        var client = GRPCClientConnection(now: ServerLink.start)
        let methods: [String: MethodKind] = ["/t.T/Unary": .unary, "/t.T/Stream": .serverStreaming]
        var server = GRPCServerConnection(methods: methods, now: ServerLink.start)
        var log: [String] = []
        let big = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
        for (path, kind, message) in [
            ("/t.T/Unary", MethodKind.unary, big), ("/t.T/Stream", .serverStreaming, [1, 2]), ("/t.T/Nope", .unary, []),
        ] {
            _ = client.start(path, kind, message, timeout: nil, now: ServerLink.start)
        }
        var isBusy = true
        while isBusy {
            let up = client.takeOutput()
            for piece in pieces(up, cut) { server.receive(piece, now: ServerLink.start) }
            while let event = server.nextEvent() {
                guard case .request(let id, let request) = event else { continue }
                for _ in 0..<(request.path == "/t.T/Unary" ? 1 : 3) { server.send(request.message, on: id) }
                server.finish(id, nil, now: ServerLink.start)
                server.handlerEnded(id)
            }
            let down = server.takeOutput()
            for piece in pieces(down, cut) { client.receive(piece, now: ServerLink.start) }
            while let event = client.nextEvent() {
                if case .message(let id, let bytes) = event {
                    log.append("\(id.number): \(bytes.count) octets, \(bytes == big || bytes == [1, 2])")
                    client.taken(bytes.count, on: id)
                }
                if case .ended(let id, let status) = event {
                    log.append("\(id.number): \(status?.description ?? "OK")")
                }
            }
            isBusy = !up.isEmpty || !down.isEmpty
        }
        return log.sorted()
    }

    private func pieces(_ bytes: [UInt8], _ cut: (Int) -> Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(max(cut(rest.count), 1))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }

    private let expected = [
        "1: 200000 octets, true", "1: OK", "2: 2 octets, true", "2: 2 octets, true", "2: 2 octets, true", "2: OK",
        "3: UNIMPLEMENTED: unknown method /t.T/Nope",
    ]

    @Test(arguments: [1, 4, 5, 6, 9, 13, 1000, 1 << 20])
    func `calls have the same outcome whatever the cuts`(size: Int) {
        #expect(converse { _ in size } == expected)
    }

    @Test(arguments: 0..<10)
    func `calls have the same outcome with random cuts`(seed: UInt64) {
        var state = seed
        let log = converse { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % 3000
        }
        #expect(log == expected)
    }

    /// Octets of a real conversation, some of them changed, dropped or doubled.
    @Test(arguments: 0..<150)
    func `a broken conversation never traps either side`(seed: UInt64) {
        var state = seed &* 31 &+ 7
        func dice(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        func damage(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for _ in 0..<dice(4) where !bytes.isEmpty {
                let place = dice(bytes.count)
                switch dice(3) {
                case 0: bytes[place] = UInt8(dice(256))
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[place], at: place)
                }
            }
            return bytes
        }
        var client = GRPCClientConnection(now: ServerLink.start)
        var server = GRPCServerConnection(methods: ["/t.T/Stream": .serverStreaming], now: ServerLink.start)
        var ended = 0
        server.receive(client.takeOutput(), now: ServerLink.start)
        client.receive(server.takeOutput(), now: ServerLink.start)
        for _ in 0..<8 {
            _ = client.start("/t.T/Stream", .serverStreaming, [1, 2, 3], timeout: .seconds(9), now: ServerLink.start)
            server.receive(damage(client.takeOutput()), now: ServerLink.start)
            while let event = server.nextEvent() {
                guard case .request(let id, let request) = event else { continue }
                server.send(request.message, on: id)
                server.finish(id, nil, now: ServerLink.start)
                server.handlerEnded(id)
            }
            client.receive(damage(server.takeOutput()), now: ServerLink.start)
            while let event = client.nextEvent() { if case .ended = event { ended += 1 } }
        }
        client.timePassed(now: ServerLink.start + .seconds(10))
        while let event = client.nextEvent() { if case .ended = event { ended += 1 } }
        #expect(ended == 8, "each call ends once, whatever happened to it")
    }
}
