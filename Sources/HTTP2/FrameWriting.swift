import Bytes

/// Frames as they are sent.
extension ByteWriter {
    mutating func writeSettings(_ settings: [Setting]) {
        FrameHeader(length: settings.count * 6, type: .settings, stream: .connection).write(to: &self)
        for setting in settings {
            writeUInt(UInt64(setting.id.rawValue), bytes: 2)
            writeUInt(UInt64(setting.value), bytes: 4)
        }
    }

    mutating func writeSettingsAcknowledgement() {
        FrameHeader(length: 0, type: .settings, flags: .acknowledgement, stream: .connection).write(to: &self)
    }

    mutating func writePing(_ payload: [UInt8], isAcknowledgement: Bool) {
        let flags: FrameFlags = isAcknowledgement ? .acknowledgement : []
        FrameHeader(length: payload.count, type: .ping, flags: flags, stream: .connection).write(to: &self)
        write(payload)
    }

    mutating func writeGoAway(lastStream: StreamID, _ code: ErrorCode, debug: [UInt8]) {
        FrameHeader(length: 8 + debug.count, type: .goAway, stream: .connection).write(to: &self)
        writeUInt(UInt64(lastStream.number), bytes: 4)
        writeUInt(UInt64(code.rawValue), bytes: 4)
        write(debug)
    }

    mutating func writeResetStream(_ stream: StreamID, _ code: ErrorCode) {
        FrameHeader(length: 4, type: .resetStream, stream: stream).write(to: &self)
        writeUInt(UInt64(code.rawValue), bytes: 4)
    }

    mutating func writeWindowUpdate(_ stream: StreamID, increment: Int) {
        FrameHeader(length: 4, type: .windowUpdate, stream: stream).write(to: &self)
        writeUInt(UInt64(increment), bytes: 4)
    }

    /// HEADERS, and CONTINUATION for what is over the frame size.
    mutating func writeHeaders(_ stream: StreamID, block: [UInt8], endsStream: Bool) {
        var rest = block[...]
        var type = FrameType.headers
        repeat {
            let fragment = rest.prefix(FrameHeader.payloadLimit)
            rest = rest.dropFirst(fragment.count)
            var flags: FrameFlags = rest.isEmpty ? .endHeaders : []
            if type == .headers, endsStream { flags.insert(.endStream) }
            FrameHeader(length: fragment.count, type: type, flags: flags, stream: stream).write(to: &self)
            write(fragment)
            type = .continuation
        } while !rest.isEmpty
    }
}
