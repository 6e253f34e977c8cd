import Testing

@testable import Protobuf

/// One field of every kind that the APIs have.
struct Sample: ProtobufMessage {
    var text = ""
    var flag = false
    var large: UInt64 = 0
    var signed: Int64 = 0
    var small: Int32 = 0
    var inner: Wrapper?
    var list: [Wrapper] = []
    var names: [String] = []
    var numbers: [Int64] = []
    var map: [String: String] = [:]
    var maybe: String?

    init() {}

    mutating func merge(_ field: Field) throws(ProtobufError) {
        switch field.number {
        case 1: try field.read(into: &text)
        case 2: field.read(into: &flag)
        case 3: field.read(into: &large)
        case 4: field.read(into: &signed)
        case 5: field.read(into: &small)
        case 6: try field.read(into: &inner)
        case 7: try field.append(to: &list)
        case 8: try field.append(to: &names)
        case 9: try field.append(to: &numbers)
        case 10: try field.insert(into: &map)
        case 11: try field.read(into: &maybe)
        default: break
        }
    }

    func write(to writer: inout MessageWriter) {
        writer.write(1, text)
        writer.write(2, flag)
        writer.write(3, large)
        writer.write(4, signed)
        writer.write(5, small)
        writer.write(6, inner)
        writer.write(7, list)
        writer.write(8, names)
        writer.write(9, numbers)
        writer.write(10, map)
        writer.write(11, maybe)
    }
}

/// A message that holds itself, to any depth.
struct Wrapper: ProtobufMessage {
    var name = ""
    var inside: [Wrapper] = []

    init() {}

    init(name: String, inside: [Wrapper] = []) {
        self.name = name
        self.inside = inside
    }

    mutating func merge(_ field: Field) throws(ProtobufError) {
        switch field.number {
        case 1: try field.read(into: &name)
        case 2: try field.append(to: &inside)
        default: break
        }
    }

    func write(to writer: inout MessageWriter) {
        writer.write(1, name)
        writer.write(2, inside)
    }
}

func decode(_ hex: String) throws(ProtobufError) -> Sample { try Sample(decoding: bytes(hex)) }

/// Hexadecimal digits, with spaces where the structure has a joint.
func bytes(_ hex: String) -> [UInt8] {
    let digits = hex.filter { $0 != " " }
    return stride(from: 0, to: digits.count, by: 2).map { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return UInt8(digits[start...].prefix(2), radix: 16) ?? 0
    }
}

@Suite struct WireFormatTests {
    @Test func `a message at its defaults has no bytes`() {
        #expect(Sample().encoded() == [])
    }

    @Test func `every kind of field comes back as it was`() throws {
        var sample = Sample()
        sample.text = "naïve"
        sample.flag = true
        sample.large = .max
        sample.signed = .min
        sample.small = -1
        sample.inner = Wrapper()
        sample.list = [Wrapper(), Wrapper(name: "a", inside: [Wrapper()])]
        sample.names = ["", "b", ""]
        sample.numbers = [0, -1, 300]
        sample.map = ["": "", "k": "v"]
        sample.maybe = ""
        #expect(try Sample(decoding: sample.encoded()) == sample)
    }

    // protobuf.dev, "Encoding": the example messages; the rest by the rules of the same page.
    @Test func `numbers are written as the format's own examples have them`() throws {
        var sample = Sample()
        sample.large = 150
        #expect(sample.encoded() == bytes("18 9601"))
        sample = Sample()
        sample.small = -1
        #expect(sample.encoded() == bytes("28 ffffffffffffffffff01"))
        sample = Sample()
        sample.numbers = [3, 270, 86942]
        #expect(sample.encoded() == bytes("4a 06 03 8e02 9ea705"))
        sample = Sample()
        sample.text = "testing"
        #expect(sample.encoded() == bytes("0a 07 74657374696e67"))
    }

    @Test func `of a scalar the last occurrence counts`() throws {
        #expect(try decode("0a 01 61  0a 01 62").text == "b")
        #expect(try decode("10 01  10 00").flag == false)
    }

    @Test func `a message that comes twice is merged`() throws {
        let inner = try decode("32 03 0a01 61  32 02 12 00").inner
        #expect(inner == Wrapper(name: "a", inside: [Wrapper()]))
    }

    @Test func `a message of no bytes is there`() throws {
        #expect(try decode("32 00").inner == Wrapper())
        #expect(try decode("").inner == nil)
        #expect(try decode("5a 00").maybe == "")
        #expect(try decode("").maybe == nil)
    }

    @Test(arguments: [
        ("4a 04 00 01 8201", [0, 1, 130]), ("48 00 48 01 48 8201", [0, 1, 130]), ("48 00 4a 03 01 8201", [0, 1, 130]),
        ("4a 01 00 4a 01 01 4a 02 8201", [0, 1, 130]), ("4a 00", []),
    ])
    func `numbers come packed, single and mixed`(hex: String, numbers: [Int64]) throws {
        #expect(try decode(hex).numbers == numbers)
    }

    // The first three: kubelet-wire reference, decode leniency.
    @Test(arguments: [
        ("52 03 0a01 4b", ["K": ""]), ("52 03 1201 5a", ["": "Z"]), ("52 06 1201 5a 0a01 4b", ["K": "Z"]),
        ("52 00", ["": ""]), ("52 06 0a01 4b 1201 59  52 06 0a01 4b 1201 5a", ["K": "Z"]),
        ("52 08 0a01 4b 1801 1201 5a", ["K": "Z"]),
    ])
    func `entries of a map may be short, turned round, repeated or have more in them`(
        hex: String,
        map: [String: String]
    ) throws {
        #expect(try decode(hex).map == map)
    }

    @Test(arguments: [
        "f8 07 01", "f9 07 0102030405060708", "fa 07 02 ffff", "fd 07 01020304",
        // A group with a number, a string, fixed widths and a group in it.
        "fb 07 0801 0a0161 0d01020304 090102030405060708 0b 0c fc 07",
    ])
    func `a field of an unknown number is passed over, whatever its type`(hex: String) throws {
        #expect(try decode("0a0161 \(hex) 1001") == decode("0a0161 1001"))
    }

    @Test(arguments: [
        "08 01", "0b 0c", "0d 01020304", "12 01 01", "22 00", "30 01", "38 01", "40 01", "50 01", "58 01",
    ])
    func `a known field of another wire type counts as unknown`(hex: String) throws {
        #expect(try decode(hex) == Sample())
    }

    @Test(arguments: ["10 02", "10 ffffffffffffffffff01"])
    func `any number but zero is true`(hex: String) throws {
        #expect(try decode(hex).flag)
    }
}
