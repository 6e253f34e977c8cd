import HPACK
import HTTP2
import Testing

/// Two of our machines against each other, the octets between them cut at will.
@Suite struct ConversationTests {
    /// What either side saw of one conversation.
    struct Record: Equatable {
        var client: [HTTP2Connection.Event] = []
        var server: [HTTP2Connection.Event] = []
    }

    /// Three calls with bodies beyond a window, answered with more; DATA events joined, since their cuts are free.
    private func converse(cut: (Int) -> Int) -> Record {
        let client = Bench(.client)
        let server = Bench(.server)
        var record = Record()
        var started = 0
        var answered: Set<StreamID> = []
        for _ in 0..<10_000 {
            while started < 3, let id = client.machine.openStream(Bench.request, endsStream: false) {
                client.machine.sendData(body(70_000 + started), on: id, endsStream: true)
                started += 1
            }
            let up = transfer(from: client, to: server, cut: cut, into: &record.server)
            answer(server, record.server, once: &answered)
            let down = transfer(from: server, to: client, cut: cut, into: &record.client)
            if !up && !down { break }
        }
        return record
    }

    private func answer(_ server: Bench, _ events: [HTTP2Connection.Event], once answered: inout Set<StreamID>) {
        for case .data(let id, let bytes, true) in events where answered.insert(id).inserted {
            server.machine.sendHeaders([HeaderField(":status", "200")], on: id, endsStream: false)
            server.machine.sendData(bytes, on: id, endsStream: false)
            server.machine.sendTrailers([HeaderField("n", "\(bytes.count)")], on: id)
        }
    }

    private func transfer(
        from sender: Bench,
        to receiver: Bench,
        cut: (Int) -> Int,
        into events: inout [HTTP2Connection.Event]
    ) -> Bool {
        var isBusy = false
        while true {
            let output = sender.machine.takeOutput()
            guard !output.isEmpty else { return isBusy }
            isBusy = true
            var rest = output[...]
            while !rest.isEmpty {
                let piece = rest.prefix(max(cut(rest.count), 1))
                rest = rest.dropFirst(piece.count)
                receiver.machine.receive(Array(piece), now: Bench.start)
            }
            for event in receiver.events() { join(event, to: &events, crediting: receiver) }
            for event in sender.events() { if case .failed = event { Issue.record("\(event)") } }
        }
    }

    private func join(_ event: HTTP2Connection.Event, to events: inout [HTTP2Connection.Event], crediting bench: Bench)
    {
        guard case .data(let id, let bytes, let ends) = event else { return events.append(event) }
        bench.machine.returnCredit(bytes.count, on: id)
        let before = events.firstIndex { if case .data(id, _, _) = $0 { true } else { false } }
        guard let before, case .data(_, let earlier, _) = events[before] else { return events.append(event) }
        events[before] = .data(id, earlier + bytes, endsStream: ends)
    }

    private func body(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) } }

    @Test func `what one sends, the other sees`() {
        let record = converse { $0 }
        let bodies = record.server.compactMap { event -> Int? in
            if case .data(_, let bytes, true) = event { bytes.count } else { nil }
        }
        #expect(bodies == [70_000, 70_001, 70_002])
        let answers = record.client.compactMap { event -> String? in
            if case .trailers(_, let fields) = event { fields.text(of: "n") } else { nil }
        }
        #expect(answers.sorted() == ["70000", "70001", "70002"])
        #expect(record.client.contains(.data(StreamID(1), body(70_000), endsStream: false)))
    }

    @Test(arguments: [1, 2, 3, 7, 9, 10, 100, 1000, 16_393])
    func `pieces of any size give the same events`(size: Int) {
        #expect(converse { _ in size } == converse { $0 })
    }

    @Test(arguments: 0..<12)
    func `pieces of random sizes give the same events`(seed: UInt64) {
        var state = seed
        let record = converse { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % 5000
        }
        #expect(record == converse { $0 })
    }

    @Test(arguments: 0..<300)
    func `random octets and broken conversations never trap`(seed: UInt64) {
        var state = seed &* 77 &+ 1
        func dice(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let bench = Bench.opened(seed % 2 == 0 ? .server : .client)
        if seed % 2 == 1 { _ = bench.machine.openStream(Bench.request, endsStream: false) }
        for _ in 0..<200 {
            var frame = RawFrame(type: UInt8(dice(11)), flags: UInt8(dice(64)), stream: UInt32(dice(8)))
            frame.payload = (0..<dice(30)).map { _ in UInt8(dice(256)) }
            if dice(3) == 0 { frame = .headers(UInt32(2 * dice(20) + 1), bench.encoder.encode(Bench.request)) }
            bench.send(frame)
            bench.machine.sendData([1, 2, 3], on: StreamID(UInt32(dice(8))), endsStream: dice(2) == 0)
            for event in bench.events() {
                if case .data(let id, let bytes, _) = event { bench.machine.returnCredit(bytes.count, on: id) }
            }
            _ = bench.machine.takeOutput()
        }
        #expect(bench.openStreams <= 128)
    }
}
