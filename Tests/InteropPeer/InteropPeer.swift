import Glibc

/// The program the interoperability tests drive: our server, our client and our HPACK on a command line.
///
///     interop-peer serve SOCKET              serves the test methods until standard input ends; prints "ready"
///     interop-peer call SOCKET PATH unary|stream TIMEOUT-MS LIMIT [X-TEST-BIN] < REQUEST
///                                            prints "message HEX" for each message, then "status CODE TEXT"
///     interop-peer hpack                     a line of standard input each: see HPACKLines
///     interop-peer messages                  the same: see MessageLines
///     interop-peer plugin DIRECTORY          the same: see PluginLines
///     interop-peer pods SOCKET               the same: see PodResourcesLines
@main
enum InteropPeer {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("serve", 2): try await TestServer.serve(on: arguments[1])
        case ("call", 6), ("call", 7):
            await TestCall(
                socketPath: arguments[1],
                path: arguments[2],
                isStreaming: arguments[3] == "stream",
                timeout: Int(arguments[4]).map { .milliseconds($0) },
                limit: Int(arguments[5]) ?? 0,
                binary: arguments.count > 6 ? Hex.bytes(arguments[6]) : nil
            ).run()
        case ("hpack", 1): HPACKLines().run()
        case ("messages", 1): MessageLines().run()
        case ("plugin", 2): await PluginLines(directory: arguments[1]).run()
        case ("pods", 2): await PodResourcesLines(socketPath: arguments[1]).run()
        default:
            emit("usage: see the comment at the head of InteropPeer.swift")
            exit(2)
        }
    }
}

/// Hexadecimal text, as the tests and this program exchange octets.
enum Hex {
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 0xf)]] }
        return String(decoding: text, as: UTF8.self)
    }

    static func bytes(_ text: some StringProtocol) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}

/// All of standard input.
func readStandardInput() -> [UInt8] {
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(STDIN_FILENO, &chunk, chunk.count)
        guard count > 0 else { return all }
        all += chunk[..<count]
    }
}

/// The lines of standard input, read by a thread of its own: reading would block one of the few that run tasks.
func standardInputLines() -> AsyncStream<String> {
    AsyncStream { continuation in
        var thread = pthread_t()
        let context = Unmanaged.passRetained(LineSink(continuation)).toOpaque()
        pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let sink = Unmanaged<LineSink>.fromOpaque(context).takeRetainedValue()
                while let line = readLine() { sink.continuation.yield(line) }
                sink.continuation.finish()
                return nil
            },
            context
        )
        pthread_detach(thread)
    }
}

/// Carries a continuation through a C pointer.
private final class LineSink: Sendable {
    let continuation: AsyncStream<String>.Continuation

    init(_ continuation: AsyncStream<String>.Continuation) { self.continuation = continuation }
}

/// Writes a line to standard output at once, which `print` does not do into a pipe.
func emit(_ line: String) {
    var rest = Array("\(line)\n".utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}
