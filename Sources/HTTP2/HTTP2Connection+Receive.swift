import Bytes
import HPACK

/// Input: octets to frames, and the frames that concern the connection as a whole.
extension HTTP2Connection {
    /// Takes octets from the peer, cut anywhere.
    ///
    /// - Parameters:
    ///   - bytes: what was read.
    ///   - now: the time.
    package mutating func receive(_ bytes: [UInt8], now: ContinuousClock.Instant) {
        guard phase != .failed else { return }
        input.append(contentsOf: bytes)
        lastInput = now
        readInput()
    }

    /// Works through the input as far as it holds whole frames and our answers are being taken.
    mutating func readInput() {
        guard input.count >= inputNeeded, wantsInput else { return }
        var reader = ByteReader(input)
        input = []
        var isCut = false
        while !isCut, wantsInput {
            do throws(HTTP2Violation) {
                isCut = try phase == .preface ? !readPreface(&reader) : !readFrame(&reader)
            } catch {
                punish(error)
            }
        }
        guard phase != .failed else { return }
        if !isCut { inputNeeded = 1 }
        input = reader.readRest()
    }

    /// `false` if the preface is not there in whole yet.
    private mutating func readPreface(_ reader: inout ByteReader) throws(HTTP2Violation) -> Bool {
        let expected = HTTP2Connection.preface
        var copy = reader
        for octet in expected {
            guard let next = copy.peek else {
                inputNeeded = reader.remaining + 1
                return false
            }
            guard next == octet else { throw .connection(.protocolError, "wrong connection preface") }
            skip(1, of: &copy)
        }
        reader = copy
        phase = .settings
        return true
    }

    /// `false` if a frame is not there in whole yet.
    private mutating func readFrame(_ reader: inout ByteReader) throws(HTTP2Violation) -> Bool {
        var copy = reader
        guard let header = try? FrameHeader(reading: &copy) else {  // the only error is that it is cut off
            inputNeeded = FrameHeader.size
            return false
        }
        guard phase == .open || header.type == .settings && !header.flags.contains(.acknowledgement) else {
            throw .connection(.protocolError, "first frame is not SETTINGS")
        }
        guard header.length <= FrameHeader.payloadLimit else {
            throw .connection(.frameSizeError, "frame of \(header.length) octets")
        }
        guard var payload = try? copy.readSlice(header.length) else {  // likewise
            inputNeeded = FrameHeader.size + header.length
            return false
        }
        reader = copy
        try demandContinuation(header)
        try receive(Frame(header, payload: &payload))
        return true
    }

    private func skip(_ count: Int, of reader: inout ByteReader) {
        _ = try? reader.skip(count)  // what is skipped has been seen to be there
    }

    /// "A HEADERS frame without END_HEADERS must be followed by a CONTINUATION frame for the same stream" (§6.2).
    private func demandContinuation(_ header: FrameHeader) throws(HTTP2Violation) {
        let isWanted = openBlock.map { header.type == .continuation && header.stream == $0.stream }
        guard isWanted ?? (header.type != .continuation) else {
            throw .connection(.protocolError, "header block interrupted, or CONTINUATION without one")
        }
    }

    private mutating func receive(_ frame: Frame) throws(HTTP2Violation) {
        switch frame {
        case .data(let id, let content, let size, let ends):
            try receiveData(id, content, flowControlled: size, endsStream: ends)
        case .headers(let id, let fragment, let ends, let isWhole):
            try receiveHeaders(id, fragment, endsStream: ends, isWhole: isWhole)
        case .continuation(_, let fragment, let isWhole): try receiveContinuation(fragment, isWhole: isWhole)
        case .priority, .unknown: return
        case .resetStream(let id, let code): try receiveReset(id, code)
        case .settings(let settings): try receive(settings)
        case .settingsAcknowledged: acknowledgeSettings()
        case .pushPromise: throw .connection(.protocolError, "PUSH_PROMISE")
        case .ping(let payload, let isAcknowledgement):
            guard !isAcknowledgement else { return }
            reply { $0.writePing(payload, isAcknowledgement: true) }
        case .goAway(let last, let code, let debug): receiveGoAway(last, code, debug)
        case .windowUpdate(let id, let increment): try receiveWindowUpdate(id, increment)
        }
    }

    /// Puts an answer into the output and counts it until the owner takes the output.
    mutating func reply(_ write: (inout ByteWriter) -> Void) {
        write(&control)
        waitingReplies += 1
    }

    private mutating func receive(_ settings: [Setting]) throws(HTTP2Violation) {
        guard settingsFrames.allows(at: lastInput) else {
            throw .connection(.enhanceYourCalm, "too many SETTINGS frames")
        }
        for setting in settings {
            try setting.validate(receivedBy: role)
            try apply(setting)
        }
        reply { $0.writeSettingsAcknowledgement() }
        guard phase == .settings else { return }
        phase = .open
        handshakeDeadline = nil
        events.append(.opened)
    }

    private mutating func apply(_ setting: Setting) throws(HTTP2Violation) {
        let value = Int(setting.value)
        switch setting.id {
        case .headerTableSize: encoder.setPeerTableSizeLimit(value)
        case .maxConcurrentStreams: peerMaxConcurrentStreams = value
        case .maxHeaderListSize: peerMaxHeaderListSize = value
        case .initialWindowSize: try changeSendWindows(to: value)
        default: return  // MAX_FRAME_SIZE too: larger frames are never sent
        }
    }

    /// Adjusts the window of every stream by the difference; it may become negative (§6.9.2).
    private mutating func changeSendWindows(to size: Int) throws(HTTP2Violation) {
        let difference = size - peerInitialWindow
        peerInitialWindow = size
        for id in streams.keys {
            guard let window = streams[id]?.sendWindow else { continue }
            guard window + difference <= HTTP2Connection.windowLimit else {
                throw .connection(.flowControlError, "INITIAL_WINDOW_SIZE overflows the window of \(id)")
            }
            streams[id]?.sendWindow = window + difference
            joinLine(id)
        }
    }

    /// From here on the peer keeps to our settings.
    private mutating func acknowledgeSettings() {
        guard !hasAcknowledgedSettings else { return }
        hasAcknowledgedSettings = true
        decoder.setTableSizeLimit(local.headerTableSize)
        let difference = local.initialWindowSize - streamReceiveWindow
        guard difference != 0 else { return }
        streamReceiveWindow = local.initialWindowSize
        for id in streams.keys { streams[id]?.receiveWindow.changeSize(by: difference) }
    }

    private mutating func receiveGoAway(_ last: StreamID, _ code: ErrorCode, _ debug: [UInt8]) {
        hasReceivedGoAway = true
        let kept = Array(debug.prefix(HTTP2Limits.goAwayDebugSize))
        events.append(.goAwayReceived(lastStream: last, code, debug: kept))
        // What the last stream means to a server is meaningless here, since we never push.
        guard role == .client else { return }
        for id in streams.keys.sorted() where id > last {
            close(id, .resetByPeer)
            events.append(.reset(id, .refusedStream, byPeer: true))
        }
    }

    private mutating func receiveWindowUpdate(_ id: StreamID, _ increment: Int) throws(HTTP2Violation) {
        if id == .connection {
            sendWindow += increment
            guard sendWindow <= HTTP2Connection.windowLimit else {
                throw .connection(.flowControlError, "connection window above 2^31 - 1")
            }
            return
        }
        guard let window = streams[id]?.sendWindow else {
            return try demandNotIdle(id)
        }
        guard window + increment <= HTTP2Connection.windowLimit else {
            throw .stream(id, .flowControlError, "stream window above 2^31 - 1")
        }
        streams[id]?.sendWindow = window + increment
        joinLine(id)
    }

    /// The largest a window may become (§6.9.1).
    static let windowLimit = 0x7fff_ffff
}
