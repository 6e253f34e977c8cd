import Bytes
import HPACK
import HTTP2
import KubeletAPI
import Protobuf

/// How many octets a second go through the cursor and the codecs.
enum Codecs {
    static func run() throws {
        let octets = (0..<20_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        rate("cursor, in this target", octets.count) { LocalReader.sum(octets) }
        rate("cursor, of Bytes", octets.count) { sum(octets) }
        rate("cursor, of Bytes, 4 octets a read", octets.count) { sumWords(octets) }
        try protobuf()
        try hpack()
        http2()
    }

    private static func sum(_ octets: [UInt8]) -> Int {
        var reader = ByteReader(octets)
        var sum = 0
        while let octet = try? reader.readByte() { sum &+= Int(octet) }
        return sum
    }

    private static func sumWords(_ octets: [UInt8]) -> Int {
        var reader = ByteReader(octets)
        var sum = 0
        while let word = try? reader.readUInt(bytes: 4) { sum &+= Int(word) }
        return sum
    }

    private static func protobuf() throws {
        let list = Samples.list(16_384)
        let encoded = list.encoded()
        rate("Protobuf, 16,384 devices written", encoded.count) { list.encoded().count }
        let decode = { try DevicePluginV1Beta1.ListAndWatchResponse(decoding: encoded).devices.count }
        _ = try decode()
        rate("Protobuf, 16,384 devices read", encoded.count) { (try? decode()) ?? 0 }
    }

    private static func hpack() throws {
        let fields = (0..<8).map { HeaderField("x-field-\($0)", "value/\($0)/abcdefghijklmnop", indexing: .without) }
        var encoder = HPACKEncoder()
        let block = encoder.encode(fields)
        rate("HPACK, literals written", block.count * 1000) {
            var encoder = HPACKEncoder()
            return (0..<1000).reduce(0) { sum, _ in sum + encoder.encode(fields).count }
        }
        var decoder = HPACKDecoder(listSizeLimit: 16_384)
        _ = try decoder.decode(block)
        rate("HPACK, literals read", block.count * 1000) {
            var decoder = HPACKDecoder(listSizeLimit: 16_384)
            return (0..<1000).reduce(0) { sum, _ in sum + ((try? decoder.decode(block).fields.count) ?? 0) }
        }
    }

    /// One of our machines sends 16 MiB to another, in memory.
    private static func http2() {
        let size = 16 << 20
        let content = [UInt8](repeating: 7, count: size)
        rate("HTTP/2, DATA from machine to machine", size) {
            let now = ContinuousClock.now
            var local = LocalSettings()
            local.initialWindowSize = 1 << 20
            local.connectionWindowSize = 4 << 20
            var client = HTTP2Connection(role: .client, now: now)
            var server = HTTP2Connection(role: .server, local: local, now: now)
            var received = 0
            var stream: StreamID?
            while received < size {
                client.receive(server.takeOutput(), now: now)
                while client.nextEvent() != nil {}
                if stream == nil, client.canOpenStream {
                    stream = client.openStream(request, endsStream: false)
                    if let stream { client.sendData(content, on: stream, endsStream: true) }
                }
                server.receive(client.takeOutput(), now: now)
                while let event = server.nextEvent() {
                    guard case .data(let id, let octets, _) = event else { continue }
                    received += octets.count
                    server.returnCredit(octets.count, on: id)
                }
            }
            return received
        }
    }

    private static let request = [
        HeaderField(":method", "POST"), HeaderField(":scheme", "http"), HeaderField(":path", "/a/b"),
    ]

    /// Runs a body until half a second is over, and prints the rate of its median run.
    private static func rate(_ name: String, _ octets: Int, _ body: () -> Int) {
        var times: [Duration] = []
        var sum = body()
        let start = ContinuousClock.now
        while times.count < 5 || ContinuousClock.now - start < .milliseconds(500) {
            let begin = ContinuousClock.now
            sum &+= body()
            times.append(ContinuousClock.now - begin)
        }
        times.sort()
        let megabytes = Double(octets) / 1_000_000 / (times[times.count / 2] / .seconds(1))
        // The sum is printed only if it cannot be, so that no work can be left out.
        emit("\(name)\t\(megabytes)\(sum == .min ? " \(sum)" : "")")
    }
}

/// What `ByteReader` is, in this target: what reading costs where nothing is in between.
private struct LocalReader {
    let bytes: [UInt8]
    let end: Int
    var offset = 0

    mutating func readByte() throws(DecodingError) -> UInt8 {
        guard offset < end else { throw .truncated(needed: 1, available: 0) }
        let byte = bytes[offset]
        offset += 1
        return byte
    }

    static func sum(_ octets: [UInt8]) -> Int {
        var reader = LocalReader(bytes: octets, end: octets.count)
        var sum = 0
        while let octet = try? reader.readByte() { sum &+= Int(octet) }
        return sum
    }
}
