import HPACK
import Testing

/// A block of a connection, and the fields it stands for.
struct BlockVector: Sendable {
    let block: [UInt8]
    let fields: [HeaderField]

    init(_ block: String, _ fields: [(String, String)]) {
        self.block = hex(block)
        self.fields = fields.map { HeaderField($0.0, $0.1) }
    }
}

@Suite struct HPACKVectorTests {
    /// RFC 7541 Appendix C.3: requests without Huffman coding.
    static let plainRequests = [
        BlockVector(
            "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
            [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")]
        ),
        BlockVector(
            "8286 84be 5808 6e6f 2d63 6163 6865",
            [
                (":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com"),
                ("cache-control", "no-cache"),
            ]
        ),
        BlockVector(
            "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
            [
                (":method", "GET"), (":scheme", "https"), (":path", "/index.html"), (":authority", "www.example.com"),
                ("custom-key", "custom-value"),
            ]
        ),
    ]

    /// RFC 7541 Appendix C.4: the same with Huffman coding.
    static let codedRequests = [
        BlockVector("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", plainRequests[0].pairs),
        BlockVector("8286 84be 5886 a8eb 1064 9cbf", plainRequests[1].pairs),
        BlockVector("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", plainRequests[2].pairs),
    ]

    /// RFC 7541 Appendix C.6: responses with Huffman coding and a table of 256 octets, which evicts.
    static let codedResponses = [
        BlockVector(
            """
            4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7
            8f0b 97c8 e9ae 82ae 43d3
            """,
            [
                (":status", "302"), ("cache-control", "private"), ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
                ("location", "https://www.example.com"),
            ]
        ),
        BlockVector(
            "4883 640e ffc1 c0bf",
            [
                (":status", "307"), ("cache-control", "private"), ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
                ("location", "https://www.example.com"),
            ]
        ),
        BlockVector(
            """
            88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335
            dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07
            """,
            [
                (":status", "200"), ("cache-control", "private"), ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
                ("location", "https://www.example.com"), ("content-encoding", "gzip"),
                ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"),
            ]
        ),
    ]

    /// The header blocks of one kubelet 1.36 connection (grpc-go 1.79.3), emulated and decoded back with Python hpack 4.2.
    static let kubelet: [BlockVector] = {
        func request(_ method: String, timeout: String? = nil) -> [(String, String)] {
            [
                (":method", "POST"), (":scheme", "http"), (":path", "/v1beta1.DevicePlugin/\(method)"),
                (":authority", "localhost"), ("content-type", "application/grpc"), ("user-agent", "grpc-go/1.79.3"),
                ("te", "trailers"), ("grpc-accept-encoding", "gzip"),
            ] + (timeout.map { [("grpc-timeout", $0)] } ?? [])
        }
        return [
            BlockVector(
                """
                8386 45a063b8632a4615ef97b9885d745b31aa6311537cbdcc42eba2d98d56aad263d48f 4186a0e41d139d09
                5f8b1d75d0620d263d4c4d6564 7a8b9acac8b4c7602bbafaecff 40027465864d833505b11f
                408e9acac8b0c842d6958b510f21aa9b839bd9ab
                """,
                request("GetDevicePluginOptions")
            ),
            BlockVector(
                "8386459963b8632a4615ef97b9885d745b31aa633990986a9390d249ff c3c2c1c0bf",
                request("ListAndWatch")
            ),
            BlockVector("8386459663b8632a4615ef97b9885d745b31aa621a28390692ff c4c3c2c1c0", request("Allocate")),
            BlockVector(
                """
                8386459c63b8632a4615ef97b9885d745b31aa635d85dc91d89bc7a9233545b3c5c4c3c2c1
                40899acac8b24d494f6a7f 8713efbefbefbf6f
                """,
                request("PreStartContainer", timeout: "29999999u")
            ),
            BlockVector("8386bfc6c5c4c3c27e8713efbefbce86df", request("PreStartContainer", timeout: "29999871u")),
            BlockVector("8386c1c7c6c5c4c3", request("Allocate")),
        ]
    }()

    @Test(arguments: [plainRequests, codedRequests, kubelet])
    func `recorded blocks of a connection decode to their fields`(vectors: [BlockVector]) throws {
        var decoder = HPACKDecoder(listSizeLimit: 16_384)
        for vector in vectors { #expect(try decoder.decode(vector.block).fields == vector.fields) }
    }

    @Test func `a table of 256 octets evicts as the responses of the RFC say`() throws {
        var decoder = HPACKDecoder(listSizeLimit: 16_384)
        for (index, vector) in HPACKVectorTests.codedResponses.enumerated() {
            let update = index == 0 ? hex("3fe101") : []
            #expect(try decoder.decode(update + vector.block).fields == vector.fields)
        }
    }

    @Test(arguments: [codedRequests, kubelet])
    func `our encoder makes the very octets that were recorded`(vectors: [BlockVector]) {
        var encoder = HPACKEncoder()
        for vector in vectors { #expect(encoder.encode(vector.fields) == vector.block) }
    }

    /// The first kubelet request after a server's SETTINGS_HEADER_TABLE_SIZE of 0; same source.
    @Test func `without a table every field is a literal that is not indexed`() throws {
        let block = hex(
            """
            20 8386 05a063b8632a4615ef97b9885d745b31aa6311537cbdcc42eba2d98d56aad263d48f 0186a0e41d139d09
            0f108b1d75d0620d263d4c4d6564 0f2b8b9acac8b4c7602bbafaecff 00027465864d833505b11f
            008e9acac8b0c842d6958b510f21aa9b839bd9ab
            """
        )
        var encoder = HPACKEncoder()
        encoder.setPeerTableSizeLimit(0)
        #expect(encoder.encode(HPACKVectorTests.kubelet[0].fields) == block)
        var decoder = HPACKDecoder(listSizeLimit: 16_384)
        decoder.setTableSizeLimit(0)
        let decoded = try decoder.decode(block).fields
        #expect(decoded.map(\.name) == HPACKVectorTests.kubelet[0].fields.map(\.name))
        #expect(decoded.map(\.value) == HPACKVectorTests.kubelet[0].fields.map(\.value))
    }
}

extension BlockVector {
    var pairs: [(String, String)] { fields.map { ($0.nameText, $0.valueText) } }
}
