import Glibc
import HTTP2

/// A reader under test with what must hold of it.
struct FuzzTarget: Sendable {
    let name: String
    let look: @Sendable ([UInt8]) -> Void

    static let all: [FuzzTarget] = [
        FuzzTarget(name: "hpack", look: HPACKLook.look),
        FuzzTarget(name: "http2-server") { HTTP2Look(.server, $0).look() },
        FuzzTarget(name: "http2-client") { HTTP2Look(.client, $0).look() },
        FuzzTarget(name: "grpc-server", look: GRPCServerLook.look),
        FuzzTarget(name: "grpc-client", look: GRPCClientLook.look),
        FuzzTarget(name: "grpc-framing", look: FramingLook.look),
        FuzzTarget(name: "protobuf", look: ProtobufLook.look),
        FuzzTarget(name: "kubelet-api", look: MessageLook.look),
        FuzzTarget(name: "json", look: JSONLook.look),
    ]

    static let chosen: FuzzTarget? = {
        guard let name = getenv("PATCHBAY_FUZZ_TARGET").map({ String(cString: $0) }) else { return nil }
        return all.first { $0.name == name }
    }()
}

/// A claim about the code under test; one that does not hold is a finding.
func claim(_ holds: Bool, _ what: @autoclosure () -> String) {
    precondition(holds, what())
}

/// Decisions taken from the input, so that the fuzzer steers them; 0 when it is used up.
struct Decisions {
    private var rest: ArraySlice<UInt8>

    init(_ octets: [UInt8]) { rest = octets[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func octet() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func octets(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// The rest, cut where the octets say that precede each piece: the length of a piece, 255 for all there is.
    mutating func pieces() -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        while !rest.isEmpty {
            let count = Int(octet())
            pieces.append(octets(count == 255 ? rest.count : count))
        }
        return pieces
    }
}
