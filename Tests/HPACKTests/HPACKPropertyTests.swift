import HPACK
import Testing

@Suite struct HPACKPropertyTests {
    @Test(arguments: 0..<40)
    func `what our encoder makes, our decoder reads back, whatever the table's size`(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        var encoder = HPACKEncoder()
        var decoder = HPACKDecoder(listSizeLimit: 1 << 20)
        for _ in 0..<30 {
            if Int.random(in: 0..<5, using: &dice) == 0 {
                let size = Int.random(in: 0...5000, using: &dice)
                encoder.setPeerTableSizeLimit(size)
                decoder.setTableSizeLimit(size)
            }
            let fields = (0..<Int.random(in: 0..<12, using: &dice)).map { _ in randomField(&dice) }
            let decoded = try decoder.decode(encoder.encode(fields)).fields
            #expect(decoded.map(\.name) == fields.map(\.name))
            #expect(decoded.map(\.value) == fields.map(\.value))
            #expect(decoded.map { $0.indexing == .never } == fields.map { $0.indexing == .never })
        }
    }

    @Test func `every octet survives Huffman coding`() throws {
        // Mostly short codes, so that the coded form is shorter and is used.
        for octet in UInt8.min...UInt8.max {
            let value = Array(repeating: UInt8(ascii: "e"), count: 40) + [octet]
            var encoder = HPACKEncoder()
            var decoder = HPACKDecoder(listSizeLimit: 16_384)
            let block = encoder.encode([HeaderField(name: [0x61], value: value)])
            #expect(block.count < 40)
            #expect(try decoder.decode(block).fields.first?.value == value)
        }
    }

    @Test(arguments: 0..<200)
    func `random octets never trap the decoder`(seed: UInt64) {
        var dice = Dice(seed: seed)
        var decoder = HPACKDecoder(listSizeLimit: 4096)
        for _ in 0..<50 {
            let block = (0..<Int.random(in: 0..<60, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
            let decoded = try? decoder.decode(block)  // an error is as good as a list here: only a trap would fail
            #expect((decoded?.size ?? 0) <= 4 * 4096)
        }
    }

    private func randomField(_ dice: inout Dice) -> HeaderField {
        let names = ["te", ":path", "grpc-timeout", "x", "content-type", "grpc-status", "user-agent"]
        let name = names.randomElement(using: &dice) ?? ""
        let length = Int.random(in: 0..<(Int.random(in: 0..<10, using: &dice) == 0 ? 3000 : 12), using: &dice)
        let value = (0..<length).map { _ in UInt8.random(in: 0x30...0x3f, using: &dice) }
        let indexing = [HeaderField.Indexing.incremental, .incremental, .without, .never].randomElement(using: &dice)
        return HeaderField(name: Array(name.utf8), value: value, indexing: indexing ?? .never)
    }
}
