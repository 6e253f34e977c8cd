import Bytes
import HPACK

/// Input that concerns one stream.
extension HTTP2Connection {
    /// Ends what the violation says has to end.
    mutating func punish(_ violation: HTTP2Violation) {
        guard case .stream(let id) = violation.scope else { return fail(violation) }
        // A frame on an idle stream that is wrong by itself, such as a WINDOW_UPDATE of 0: there is no stream to reset.
        guard !isIdle(id) else { return fail(.connection(violation.code, violation.reason)) }
        guard resetsProvoked.allows(at: lastInput) else {
            return fail(.connection(.enhanceYourCalm, "too many stream errors"))
        }
        let wasOpen = streams[id] != nil
        close(id, .resetByUs)
        reply { $0.writeResetStream(id, violation.code) }
        if wasOpen { events.append(.reset(id, violation.code, byPeer: false)) }
    }

    /// Forgets the stream and gives the connection the credit the owner still owes for it.
    mutating func close(_ id: StreamID, _ cause: ClosedStreams.Cause) {
        closed.insert(id, cause)
        guard let stream = streams.removeValue(forKey: id) else { return }
        creditConnection(stream.owedCredit)
    }

    func isIdle(_ id: StreamID) -> Bool {
        id.isClients == (role == .server) ? id > lastPeerStream : !id.isClients || id.number >= nextOwnStream
    }

    func demandNotIdle(_ id: StreamID) throws(HTTP2Violation) {
        guard !isIdle(id) else { throw .connection(.protocolError, "frame on idle \(id)") }
    }

    mutating func receiveReset(_ id: StreamID, _ code: ErrorCode) throws(HTTP2Violation) {
        try demandNotIdle(id)
        guard role == .client || resetsReceived.allows(at: lastInput) else {
            throw .connection(.enhanceYourCalm, "too many streams reset")
        }
        guard streams[id] != nil else { return }
        close(id, .resetByPeer)
        events.append(.reset(id, code, byPeer: true))
    }

    // MARK: Header blocks

    mutating func receiveHeaders(
        _ id: StreamID,
        _ fragment: [UInt8],
        endsStream: Bool,
        isWhole: Bool
    ) throws(HTTP2Violation) {
        try noteContent(fragment.count + (isWhole ? 1 : 0))
        let deadline = lastInput + HTTP2Limits.headerBlockTime
        let block = OpenBlock(stream: id, fragments: fragment, endsStream: endsStream, deadline: deadline)
        if isWhole { try receive(block) } else { openBlock = block }
    }

    mutating func receiveContinuation(_ fragment: [UInt8], isWhole: Bool) throws(HTTP2Violation) {
        guard var block = openBlock else { return }
        try noteContent(fragment.count + (isWhole ? 1 : 0))
        block.continuations += 1
        guard block.continuations <= HTTP2Limits.continuations else {
            throw .connection(.enhanceYourCalm, "more than \(HTTP2Limits.continuations) CONTINUATION frames")
        }
        block.fragments += fragment
        guard block.fragments.count <= HTTP2Limits.headerBlockSize else {
            throw .connection(.enhanceYourCalm, "header block above \(HTTP2Limits.headerBlockSize) octets")
        }
        openBlock = isWhole ? nil : block
        if isWhole { try receive(block) }
    }

    /// Counts frames in a row that carry nothing.
    private mutating func noteContent(_ count: Int) throws(HTTP2Violation) {
        emptyFramesInRow = count > 0 ? 0 : emptyFramesInRow + 1
        guard emptyFramesInRow <= HTTP2Limits.emptyFramesInRow else {
            throw .connection(.enhanceYourCalm, "more than \(HTTP2Limits.emptyFramesInRow) empty frames")
        }
    }

    /// A whole header block: it is decoded whatever becomes of its stream, to keep the table in step (§4.3).
    private mutating func receive(_ block: OpenBlock) throws(HTTP2Violation) {
        let id = block.stream
        let isNew = try admit(id)
        let decoded: HeaderBlock
        do throws(HPACKError) {
            decoded = try decoder.decode(block.fragments)
        } catch .listTooLarge {
            throw .connection(.enhanceYourCalm, "header list bomb")
        } catch {
            throw .connection(.compressionError, "\(error)")
        }
        if isNew {
            lastPeerStream = id
            // Not processed, as the GOAWAY said; what follows on it is ignored like on a stream that was reset.
            if ownGoAway != nil { return closed.insert(id, .resetByUs) }
            guard streams.count < local.maxConcurrentStreams else {
                throw .stream(id, .refusedStream, "more than \(local.maxConcurrentStreams) streams")
            }
            open(id)
        }
        guard let stream = streams[id] else { return try refuseLateFrame(id) }
        guard !decoded.exceedsLimit else {
            throw .stream(id, .enhanceYourCalm, "header list above \(local.maxHeaderListSize) octets")
        }
        switch stream.receiving {
        case .nothing: try receiveFirst(decoded.fields, on: id, endsStream: block.endsStream)
        case .headers: try receiveTrailers(decoded.fields, on: id, endsStream: block.endsStream)
        case .everything: throw .stream(id, .streamClosed, "HEADERS after END_STREAM")
        }
    }

    /// Whether the stream is a new one; refuses a number no stream may have.
    private func admit(_ id: StreamID) throws(HTTP2Violation) -> Bool {
        guard role == .server else {
            try demandNotIdle(id)
            return false
        }
        guard id.isClients else { throw .connection(.protocolError, "a client used \(id)") }
        guard id <= lastPeerStream else { return true }
        guard streams[id] != nil || closed[id] != nil else {
            throw .connection(.protocolError, "\(id) after \(lastPeerStream)")
        }
        return false
    }

    mutating func open(_ id: StreamID) {
        let window = ReceiveWindow(size: streamReceiveWindow)
        streams[id] = StreamState(sendWindow: peerInitialWindow, receiveWindow: window)
    }

    /// A frame on a closed stream: on its way before our reset, or wrong (§5.1).
    private func refuseLateFrame(_ id: StreamID) throws(HTTP2Violation) {
        switch closed[id] {
        case .resetByUs, nil: return
        case .resetByPeer: throw .stream(id, .streamClosed, "frame after RST_STREAM")
        case .ended: throw .connection(.streamClosed, "frame on closed \(id)")
        }
    }

    private mutating func receiveFirst(
        _ fields: [HeaderField],
        on id: StreamID,
        endsStream: Bool
    ) throws(HTTP2Violation) {
        let problem =
            role == .server
            ? FieldRules.problem(inRequest: fields) : FieldRules.problem(inResponse: fields)
        if let problem { throw .stream(id, .protocolError, problem) }
        if role == .client, fields.value(of: ":status")?.first == UInt8(ascii: "1") {
            // Informational: skipped; "a 1xx response cannot end the stream" (§8.1).
            guard !endsStream else { throw .stream(id, .protocolError, "1xx response with END_STREAM") }
            return
        }
        if let length = fields.value(of: "content-length") {
            guard let length = contentLength(length) else { throw .stream(id, .protocolError, "wrong content-length") }
            streams[id]?.remainingContent = length
        }
        streams[id]?.receiving = .headers
        events.append(.headers(id, fields, endsStream: endsStream))
        if endsStream { try endReceiving(id) }
    }

    private func contentLength(_ digits: [UInt8]) -> Int? {
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 & 0xf) }
    }

    private mutating func receiveTrailers(
        _ fields: [HeaderField],
        on id: StreamID,
        endsStream: Bool
    ) throws(HTTP2Violation) {
        guard endsStream else { throw .stream(id, .protocolError, "second HEADERS without END_STREAM") }
        if let problem = FieldRules.problem(inTrailers: fields) { throw .stream(id, .protocolError, problem) }
        events.append(.trailers(id, fields))
        try endReceiving(id)
    }

    /// The peer's END_STREAM.
    private mutating func endReceiving(_ id: StreamID) throws(HTTP2Violation) {
        guard let stream = streams[id] else { return }
        guard stream.remainingContent ?? 0 == 0 else {
            events.removeLast()
            throw .stream(id, .protocolError, "less content than content-length")
        }
        streams[id]?.receiving = .everything
        if stream.hasEndedSending { close(id, .ended) }
    }

    // MARK: Data

    mutating func receiveData(
        _ id: StreamID,
        _ content: [UInt8],
        flowControlled size: Int,
        endsStream: Bool
    ) throws(HTTP2Violation) {
        try demandNotIdle(id)
        try noteContent(content.count + (endsStream ? 1 : 0))
        guard receiveWindow.receive(size) else {
            throw .connection(.flowControlError, "DATA beyond the connection window")
        }
        guard let stream = streams[id] else {
            creditConnection(size)
            return try refuseLateFrame(id)
        }
        guard case .headers = stream.receiving else {
            creditConnection(size)
            if case .nothing = stream.receiving { throw .stream(id, .protocolError, "DATA before HEADERS") }
            throw .stream(id, .streamClosed, "DATA after END_STREAM")
        }
        guard streams[id]?.receiveWindow.receive(size) == true else {
            creditConnection(size)
            throw .stream(id, .flowControlError, "DATA beyond the stream window")
        }
        streams[id]?.owedCredit += size
        // Padding is nothing the owner sees, so its credit goes back at once.
        if size > content.count { returnCredit(size - content.count, on: id) }
        if let remaining = stream.remainingContent {
            guard content.count <= remaining else { throw .stream(id, .protocolError, "more than content-length") }
            streams[id]?.remainingContent = remaining - content.count
        }
        guard !content.isEmpty || endsStream else { return }
        events.append(.data(id, content, endsStream: endsStream))
        if endsStream { try endReceiving(id) }
    }

    /// The owner is done with `count` octets of the stream's data: the peer may send as many more.
    ///
    /// On a stream that is gone this does nothing: its credit went back when it closed.
    package mutating func returnCredit(_ count: Int, on id: StreamID) {
        guard let owed = streams[id]?.owedCredit else { return }
        let count = min(count, owed)
        streams[id]?.owedCredit = owed - count
        creditConnection(count)
        guard streams[id]?.receiving != .everything else { return }
        if let increment = streams[id]?.receiveWindow.credit(count), increment > 0 {
            reply { $0.writeWindowUpdate(id, increment: increment) }
        }
    }

    private mutating func creditConnection(_ count: Int) {
        let increment = receiveWindow.credit(count)
        if increment > 0, phase != .failed { reply { $0.writeWindowUpdate(.connection, increment: increment) } }
    }
}
