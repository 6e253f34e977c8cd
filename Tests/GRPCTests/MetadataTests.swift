import GRPC
import HPACK
import Testing

@Suite struct MetadataTests {
    private func metadata(_ name: String, _ octets: [UInt8]) throws -> GRPCMetadata {
        var metadata = GRPCMetadata()
        try metadata.add(name, octets)
        return metadata
    }

    /// RFC 4648 §10, the padding left out.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func `octets travel as Base64 without padding and are read with or without it`(plain: String, coded: String) throws
    {
        let sent = try metadata("x-bin", Array(plain.utf8))
        #expect(sent.fields == [HeaderField("x-bin", coded)])
        let padded = coded + String(repeating: "=", count: (4 - coded.count % 4) % 4)
        for text in [coded, padded] {
            #expect(try GRPCMetadata.octets(of: "x-bin", in: [HeaderField("x-bin", text)]) == [Array(plain.utf8)])
        }
    }

    @Test func `octets of every length come back as they were`() throws {
        for count in 0...300 {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            #expect(try GRPCMetadata.octets(of: "x-bin", in: metadata("x-bin", octets).fields) == [octets])
        }
    }

    @Test func `fields with one name, and several values in a field, are read in order`() throws {
        let fields = [HeaderField("x-bin", "Zg==,Zm8"), HeaderField("y-bin", "!"), HeaderField("x-bin", "")]
        #expect(try GRPCMetadata.octets(of: "x-bin", in: fields) == [[0x66], [0x66, 0x6f], []])
        #expect(try GRPCMetadata.octets(of: "z-bin", in: fields) == [])
    }

    @Test(arguments: ["Z", "Zg=", "Zg===", "Zg==Zg==", "=", "Zm9v====", "Zh", "Zm9", "Z g=", "Zm-_", "Zg\n=", "ü"])
    func `what is not Base64 is refused`(text: String) {
        let refusal = GRPCStatusError(.internalError, "metadata x-bin is not Base64")
        #expect(throws: refusal) { try GRPCMetadata.octets(of: "x-bin", in: [HeaderField("x-bin", text)]) }
    }

    @Test(arguments: ["", "X-Upper", "grpc-status", ":path", "te", "content-type", "a b", "ä", "x-bin", "connection"])
    func `a text cannot have every name`(name: String) {
        var metadata = GRPCMetadata()
        #expect(throws: GRPCStatusError(.internalError, "metadata cannot be named \(name)")) {
            try metadata.add(name, "a")
        }
        #expect(metadata == GRPCMetadata())
    }

    @Test(arguments: ["a\nb", "\0", "ä", " a", "a ", "\u{7f}"])
    func `a text cannot be everything`(text: String) {
        var metadata = GRPCMetadata()
        #expect(throws: GRPCStatusError(.internalError, "metadata x has a value that is no plain text")) {
            try metadata.add("x", text)
        }
    }

    @Test func `octets need a name that says so`() {
        #expect(throws: GRPCStatusError(.internalError, "metadata cannot be named x")) { try metadata("x", [1]) }
    }

    @Test func `metadata ends at its limit`() throws {
        var metadata = GRPCMetadata()
        try metadata.add("x", String(repeating: "a", count: GRPCLimits.metadata - 33))
        let whole = metadata
        #expect(throws: GRPCStatusError(.resourceExhausted, "metadata above 8192 octets")) { try metadata.add("y", "") }
        #expect(metadata == whole)
    }
}
