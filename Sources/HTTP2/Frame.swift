import Bytes

/// A frame taken apart, its fixed rules checked: those that need no state.
///
/// - SeeAlso: RFC 9113 §6
enum Frame: Equatable, Sendable {
    /// `flowControlled` counts the padding too, in octets.
    case data(StreamID, [UInt8], flowControlled: Int, endsStream: Bool)
    case headers(StreamID, fragment: [UInt8], endsStream: Bool, endsHeaders: Bool)
    case priority(StreamID)
    case resetStream(StreamID, ErrorCode)
    case settings([Setting])
    case settingsAcknowledged
    case pushPromise
    case ping([UInt8], isAcknowledgement: Bool)
    case goAway(lastStream: StreamID, ErrorCode, debug: [UInt8])
    case windowUpdate(StreamID, increment: Int)
    case continuation(StreamID, fragment: [UInt8], endsHeaders: Bool)
    /// A type this code does not know, to be ignored (§4.1).
    case unknown

    /// Takes a payload apart.
    ///
    /// - Throws: ``HTTP2Violation`` for a wrong size, padding, or stream number.
    init(_ header: FrameHeader, payload reader: inout ByteReader) throws(HTTP2Violation) {
        self = try Frame.parse(header, &reader)
    }

    private static func parse(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation) -> Frame {
        switch header.type {
        case .data: try parseData(header, &reader)
        case .headers: try parseHeaders(header, &reader)
        case .priority: try parsePriority(header)
        case .resetStream: try parseResetStream(header, &reader)
        case .settings: try parseSettings(header, &reader)
        case .pushPromise: .pushPromise
        case .ping: try parsePing(header, &reader)
        case .goAway: try parseGoAway(header, &reader)
        case .windowUpdate: try parseWindowUpdate(header, &reader)
        case .continuation: try parseContinuation(header, &reader)
        default: .unknown
        }
    }

    private static func parseData(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation) -> Frame {
        try header.demandStream()
        let padding = try readPadding(header, &reader)
        let content = try reader.octets(reader.remaining - padding)
        let ends = header.flags.contains(.endStream)
        return .data(header.stream, content, flowControlled: header.length, endsStream: ends)
    }

    private static func parseHeaders(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation) -> Frame
    {
        try header.demandStream()
        let padding = try readPadding(header, &reader, after: header.flags.contains(.priority) ? 5 : 0)
        // The priority is deprecated and ignored (§5.3.2).
        if header.flags.contains(.priority) { _ = try reader.octets(5) }
        return .headers(
            header.stream,
            fragment: try reader.octets(reader.remaining - padding),
            endsStream: header.flags.contains(.endStream),
            endsHeaders: header.flags.contains(.endHeaders)
        )
    }

    private static func parsePriority(_ header: FrameHeader) throws(HTTP2Violation) -> Frame {
        try header.demandStream()
        guard header.length == 5 else {
            throw .stream(header.stream, .frameSizeError, "PRIORITY of \(header.length) octets")
        }
        return .priority(header.stream)
    }

    private static func parseResetStream(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation)
        -> Frame
    {
        try header.demandStream()
        try header.demandLength(4)
        return .resetStream(header.stream, ErrorCode(rawValue: UInt32(try reader.number(bytes: 4))))
    }

    private static func parseSettings(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation) -> Frame
    {
        try header.demandConnection()
        if header.flags.contains(.acknowledgement) {
            try header.demandLength(0)
            return .settingsAcknowledged
        }
        guard header.length % 6 == 0 else {
            throw .connection(.frameSizeError, "SETTINGS of \(header.length) octets")
        }
        guard header.length / 6 <= HTTP2Limits.settingsInFrame else {
            throw .connection(.enhanceYourCalm, "\(header.length / 6) settings in a frame")
        }
        var settings: [Setting] = []
        while !reader.isAtEnd {
            let id = SettingID(rawValue: UInt16(try reader.number(bytes: 2)))
            settings.append(Setting(id, UInt32(try reader.number(bytes: 4))))
        }
        return .settings(settings)
    }

    private static func parsePing(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation) -> Frame {
        try header.demandConnection()
        try header.demandLength(8)
        return .ping(reader.readRest(), isAcknowledgement: header.flags.contains(.acknowledgement))
    }

    private static func parseGoAway(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation) -> Frame {
        try header.demandConnection()
        guard header.length >= 8 else {
            throw .connection(.frameSizeError, "GOAWAY of \(header.length) octets")
        }
        let last = StreamID(UInt32(try reader.number(bytes: 4)) & 0x7fff_ffff)
        let code = ErrorCode(rawValue: UInt32(try reader.number(bytes: 4)))
        return .goAway(lastStream: last, code, debug: reader.readRest())
    }

    private static func parseWindowUpdate(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation)
        -> Frame
    {
        try header.demandLength(4)
        let increment = Int(try reader.number(bytes: 4) & 0x7fff_ffff)
        guard increment > 0 else {
            let reason = "WINDOW_UPDATE of 0"
            guard header.stream != .connection else { throw .connection(.protocolError, reason) }
            throw .stream(header.stream, .protocolError, reason)
        }
        return .windowUpdate(header.stream, increment: increment)
    }

    private static func parseContinuation(_ header: FrameHeader, _ reader: inout ByteReader) throws(HTTP2Violation)
        -> Frame
    {
        try header.demandStream()
        let ends = header.flags.contains(.endHeaders)
        return .continuation(header.stream, fragment: reader.readRest(), endsHeaders: ends)
    }

    /// The octets of padding at the end; `fixed` octets must remain before it.
    ///
    /// "If the length of the padding is the length of the frame payload or greater": PROTOCOL_ERROR (§6.1).
    private static func readPadding(
        _ header: FrameHeader,
        _ reader: inout ByteReader,
        after fixed: Int = 0
    ) throws(HTTP2Violation) -> Int {
        guard header.flags.contains(.padded) else { return 0 }
        let padding = Int(try reader.number(bytes: 1))
        guard padding + fixed <= reader.remaining else {
            throw .connection(.protocolError, "padding longer than the frame")
        }
        return padding
    }
}

extension FrameHeader {
    fileprivate func demandStream() throws(HTTP2Violation) {
        guard stream != .connection else {
            throw .connection(.protocolError, "frame type \(type.rawValue) on stream 0")
        }
    }

    fileprivate func demandConnection() throws(HTTP2Violation) {
        guard stream == .connection else {
            throw .connection(.protocolError, "frame type \(type.rawValue) on \(stream)")
        }
    }

    fileprivate func demandLength(_ length: Int) throws(HTTP2Violation) {
        guard self.length == length else {
            throw .connection(.frameSizeError, "frame type \(type.rawValue) of \(self.length) octets")
        }
    }
}

/// Every fixed part is measured before it is read, so only a payload too short for its flags throws here.
extension ByteReader {
    fileprivate mutating func number(bytes width: Int) throws(HTTP2Violation) -> UInt64 {
        do throws(DecodingError) { return try readUInt(bytes: width) } catch { throw .tooShort }
    }

    fileprivate mutating func octets(_ count: Int) throws(HTTP2Violation) -> [UInt8] {
        do throws(DecodingError) { return try read(count) } catch { throw .tooShort }
    }
}

extension HTTP2Violation {
    fileprivate static let tooShort = connection(.frameSizeError, "payload too short for its flags")
}
