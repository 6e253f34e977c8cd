import HPACK
import HTTP2
import Testing

@Suite struct FieldRuleTests {
    static let wrongRequests: [(String, [HeaderField])] = [
        ("§8.2 an empty name", Bench.request + [HeaderField("", "x")]),
        ("§8.2.1 an upper-case name", Bench.request + [HeaderField("Te", "trailers")]),
        ("§8.2.1 a blank in a name", Bench.request + [HeaderField("a b", "x")]),
        ("§8.2.1 a colon inside a name", Bench.request + [HeaderField("a:b", "x")]),
        ("§8.2.1 a line feed in a value", Bench.request + [HeaderField("a", "x\ny")]),
        ("§8.2.1 a NUL in a value", Bench.request + [HeaderField("a", "x\0")]),
        ("§8.2.1 a blank around a value", Bench.request + [HeaderField("a", " x")]),
        ("§8.2.2 connection", Bench.request + [HeaderField("connection", "close")]),
        ("§8.2.2 transfer-encoding", Bench.request + [HeaderField("transfer-encoding", "chunked")]),
        ("§8.2.2 te other than trailers", Bench.request + [HeaderField("te", "gzip")]),
        ("§8.3 a pseudo-header field after a regular one", Bench.request + [HeaderField(":authority", "a")]),
        ("§8.3 an unknown pseudo-header field", [HeaderField(":nope", "x")] + Bench.request),
        ("§8.3 a response's pseudo-header field", [HeaderField(":status", "200")] + Bench.request),
        ("§8.3.1 a pseudo-header field twice", [HeaderField(":path", "/")] + Bench.request),
        ("§8.3.1 no :method", Array(Bench.request.dropFirst())),
        ("§8.3.1 no :scheme", Bench.request.filter { $0.nameText != ":scheme" }),
        ("§8.3.1 no :path", Bench.request.filter { $0.nameText != ":path" }),
        ("§8.3.1 an empty :path", Bench.request.filter { $0.nameText != ":path" } + [HeaderField(":path", "")]),
        ("§8.1.1 a content-length that is no number", Bench.request + [HeaderField("content-length", "+5")]),
        ("§8.5 CONNECT with a :path", [HeaderField(":method", "CONNECT"), HeaderField(":path", "/")]),
    ]

    @Test(arguments: wrongRequests)
    func `a malformed request is a stream error and the owner never sees it`(rule: String, fields: [HeaderField]) {
        let bench = Bench.opened(.server)
        bench.request(1, fields)
        #expect(bench.resetCode(1) == .protocolError)
        #expect(bench.events() == [.reset(StreamID(1), .protocolError, byPeer: false)])
        bench.request(3)
        #expect(bench.events().count == 1, "the connection goes on")
    }

    /// kubelet up to 1.25 and its plugin watcher up to 1.28 send the socket's path, raw, as the authority.
    @Test(arguments: ["localhost", "/var/lib/kubelet/device-plugins/x.sock", "%2Fvar%2Flib", ""])
    func `any authority is taken`(authority: String) {
        let bench = Bench.opened(.server)
        bench.request(1, [HeaderField(":authority", authority)] + Bench.request)
        #expect(bench.frames().isEmpty)
        #expect(bench.events().count == 1)
    }

    @Test(arguments: [
        [], [HeaderField(":status", "20")], [HeaderField(":status", "abc")],
        [HeaderField(":status", "200"), HeaderField(":path", "/")],
        [HeaderField("a", "b"), HeaderField(":status", "200")],
    ])
    func `a malformed response is a stream error`(fields: [HeaderField]) {
        let bench = Bench.opened(.client)
        _ = bench.machine.openStream(Bench.request, endsStream: true)
        bench.send(.headers(1, bench.encoder.encode(fields)))
        #expect(bench.resetCode(1) == .protocolError)
    }

    @Test(arguments: [([1, 2], true), ([1, 2, 3, 4], false)] as [([UInt8], Bool)])
    func `§8.1.1 content and content-length have to agree`(content: [UInt8], ends: Bool) {
        let bench = Bench.opened(.server)
        bench.request(1, Bench.request + [HeaderField("content-length", "3")])
        bench.send(.data(1, content, ends: ends))
        #expect(bench.resetCode(1) == .protocolError)
        #expect(bench.events().count { if case .data = $0 { true } else { false } } == 0)
    }

    @Test func `trailers may not begin a message again, nor hold pseudo-header fields`() {
        let bench = Bench.opened(.server)
        bench.request(1)
        bench.send(.headers(1, bench.encoder.encode([HeaderField("a", "b")])))
        #expect(bench.resetCode(1) == .protocolError)
        bench.request(3)
        bench.send(.headers(3, bench.encoder.encode([HeaderField(":path", "/")]), ends: true))
        #expect(bench.resetCode(3) == .protocolError)
    }
}
