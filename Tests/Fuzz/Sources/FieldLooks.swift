import HPACK
import JSON
import KubeletAPI
import Protobuf

/// Header blocks, one after another, on one decoder.
///
/// What it accepts, our encoder and a second decoder have to bring through unchanged.
enum HPACKLook {
    static func look(_ octets: [UInt8]) {
        var input = Decisions(octets)
        var decoder = HPACKDecoder(listSizeLimit: 16_384)
        var echo = HPACKDecoder(listSizeLimit: 16_384)
        var encoder = HPACKEncoder()
        let limit = Int(input.octet()) * 32
        if limit < HPACKDecoder.initialTableSize {
            decoder.setTableSizeLimit(limit)
            encoder.setPeerTableSizeLimit(limit)
        }
        for block in input.pieces() {
            guard let decoded = try? decoder.decode(block) else { return }  // refused, the connection ends
            claim(decoded.exceedsLimit == (decoded.size > 16_384), "a list's size and its mark")
            let again = try? echo.decode(encoder.encode(decoded.fields))
            claim(again?.fields.map(Content.init) == decoded.fields.map(Content.init), "\(decoded.fields) come through")
        }
    }

    /// What an encoder has to keep: whether another field may be indexed is its own business.
    private struct Content: Equatable {
        let name: [UInt8]
        let value: [UInt8]
        let isSecret: Bool

        init(_ field: HeaderField) {
            name = field.name
            value = field.value
            isSecret = field.indexing == .never
        }
    }
}

/// Any message, each field read in every way there is, as a message again too.
enum ProtobufLook {
    static func look(_ octets: [UInt8]) {
        _ = try? Anything(decoding: octets)  // accepted or refused, but never a trap
    }

    private struct Anything: ProtobufMessage {
        mutating func merge(_ field: Field) throws(ProtobufError) {
            var (flag, unsigned, signed, small) = (false, UInt64(0), Int64(0), Int32(0))
            field.read(into: &flag)
            field.read(into: &unsigned)
            field.read(into: &signed)
            field.read(into: &small)
            claim(flag == (unsigned != 0) && signed == Int64(bitPattern: unsigned), "one number, read as each kind")
            // What is no text, no run of numbers and no map may still be a message.
            var (text, perhaps, texts) = ("", String?.none, [String]())
            try? field.read(into: &text)
            try? field.read(into: &perhaps)
            try? field.append(to: &texts)
            claim(texts.first ?? "" == text && perhaps == texts.first, "one text, read as each kind")
            var numbers: [Int64] = []
            try? field.append(to: &numbers)
            var map: [String: String] = [:]
            try? field.insert(into: &map)
            var inner: Anything?
            try? field.read(into: &inner)
        }

        func write(to writer: inout MessageWriter) {}
    }
}

/// One of the messages spoken with the kubelet, picked by the first octet.
///
/// What is accepted is the same after it was written and read again.
enum MessageLook {
    static func look(_ octets: [UInt8]) {
        guard let first = octets.first else { return }
        kinds[Int(first) % kinds.count](Array(octets.dropFirst()))
    }

    private static func check<Message: ProtobufMessage>(_: Message.Type) -> @Sendable ([UInt8]) -> Void {
        { octets in
            guard let message = try? Message(decoding: octets) else { return }  // refused
            let written = message.encoded()
            claim((try? Message(decoding: written)) == message, "the same after a round: \(message)")
        }
    }

    private static let kinds: [@Sendable ([UInt8]) -> Void] = [
        check(DevicePluginV1Beta1.Empty.self),
        check(DevicePluginV1Beta1.DevicePluginOptions.self),
        check(DevicePluginV1Beta1.RegisterRequest.self),
        check(DevicePluginV1Beta1.ListAndWatchResponse.self),
        check(DevicePluginV1Beta1.PreferredAllocationRequest.self),
        check(DevicePluginV1Beta1.PreferredAllocationResponse.self),
        check(DevicePluginV1Beta1.AllocateRequest.self),
        check(DevicePluginV1Beta1.AllocateResponse.self),
        check(DevicePluginV1Beta1.PreStartContainerRequest.self),
        check(DevicePluginV1Beta1.PreStartContainerResponse.self),
        check(PodResourcesV1.ListPodResourcesRequest.self),
        check(PodResourcesV1.ListPodResourcesResponse.self),
        check(PodResourcesV1.GetPodResourcesRequest.self),
        check(PodResourcesV1.GetPodResourcesResponse.self),
        check(PodResourcesV1.AllocatableResourcesRequest.self),
        check(PodResourcesV1.AllocatableResourcesResponse.self),
        check(PluginRegistrationV1.InfoRequest.self),
        check(PluginRegistrationV1.PluginInfo.self),
        check(PluginRegistrationV1.RegistrationStatus.self),
        check(PluginRegistrationV1.RegistrationStatusResponse.self),
    ]
}

/// A JSON text; what is accepted is the same after it was written and read again, in both forms.
enum JSONLook {
    static func look(_ octets: [UInt8]) {
        guard let value = try? JSONValue(parsing: octets) else { return }  // refused
        claim((try? JSONValue(parsing: value.serialized())) == value, "the same after a round")
        claim((try? JSONValue(parsing: value.serializedForReading())) == value, "the same in lines for reading")
    }
}
