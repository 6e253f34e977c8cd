import GRPC
import GRPCTransport
import HPACK

/// One call of our client, its outcome printed.
struct TestCall {
    let socketPath: String
    let path: String
    let isStreaming: Bool
    let timeout: Duration?
    let limit: Int
    /// Octets to send as x-test-bin.
    let binary: [UInt8]?

    func run() async {
        do throws(GRPCStatusError) {
            try await call()
            emit("status 0 ")
        } catch {
            emit("status \(error.code.rawValue) \(error.message)")
        }
    }

    private func call() async throws(GRPCStatusError) {
        var configuration = GRPCClient.Configuration()
        if limit > 0 { configuration.messageLimit = limit }
        let client = try await GRPCClient.connect(to: socketPath, configuration)
        do throws(GRPCStatusError) {
            try await call(client)
        } catch {
            // Lets the server hear what is wrong, before the process ends.
            await client.close()
            throw error
        }
        await client.close()
    }

    private func call(_ client: GRPCClient) async throws(GRPCStatusError) {
        let request = readStandardInput()
        var metadata = GRPCMetadata()
        if let binary { try metadata.add("x-test-bin", binary) }
        if isStreaming {
            for try await message in await client.serverStream(path, request, timeout: timeout, metadata: metadata) {
                emit("message \(Hex.text(message))")
            }
        } else {
            let answer = try await client.unary(path, request, timeout: timeout, metadata: metadata)
            emit("message \(Hex.text(answer))")
        }
    }
}

/// An encoder and a decoder, driven by lines and answering each with one.
///
///     encode NAME:VALUE:MARK …   hexadecimal; the mark is i, w or n for incremental, without, never → the block
///     decode BLOCK               → the fields in the same form, or "error CAUSE"
///     encoder-limit OCTETS       the peer's SETTINGS_HEADER_TABLE_SIZE → "ok"
///     decoder-limit OCTETS       ours, acknowledged → "ok"
struct HPACKLines {
    private var encoder = HPACKEncoder()
    private var decoder = HPACKDecoder(listSizeLimit: 1 << 20)

    mutating func answer(_ line: String) -> String {
        let words = line.split(separator: " ")
        let arguments = words.dropFirst()
        switch words.first {
        case "encode": return Hex.text(encoder.encode(arguments.map(field)))
        case "decode": return decode(Hex.bytes(arguments.first ?? ""))
        case "encoder-limit": encoder.setPeerTableSizeLimit(Int(arguments.first ?? "") ?? 0)
        case "decoder-limit": decoder.setTableSizeLimit(Int(arguments.first ?? "") ?? 0)
        default: return "error unknown command"
        }
        return "ok"
    }

    func run() {
        var lines = self
        while let line = readLine() { emit(lines.answer(line)) }
    }

    private mutating func decode(_ block: [UInt8]) -> String {
        do throws(HPACKError) {
            return try decoder.decode(block).fields.map(text).joined(separator: " ")
        } catch {
            return "error \(error)"
        }
    }

    private func field(_ word: Substring) -> HeaderField {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return HeaderField("malformed", "") }
        let indexing: HeaderField.Indexing = parts[2] == "n" ? .never : parts[2] == "w" ? .without : .incremental
        return HeaderField(name: Hex.bytes(parts[0]), value: Hex.bytes(parts[1]), indexing: indexing)
    }

    private func text(_ field: HeaderField) -> String {
        let mark =
            switch field.indexing {
            case .incremental: "i"
            case .without: "w"
            case .never: "n"
            }
        return "\(Hex.text(field.name)):\(Hex.text(field.value)):\(mark)"
    }
}
