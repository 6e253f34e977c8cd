import Bytes
package import HPACK

/// Output: what the owner sends, and how it leaves.
extension HTTP2Connection {
    /// Opens a client's stream with a request's header fields.
    ///
    /// - Returns: the stream, or `nil` while ``canOpenStream`` is `false`.
    package mutating func openStream(_ fields: [HeaderField], endsStream: Bool) -> StreamID? {
        guard canOpenStream else { return nil }
        let id = StreamID(nextOwnStream)
        nextOwnStream += 2
        open(id)
        sendHeaders(fields, on: id, endsStream: endsStream)
        return id
    }

    /// Sends header fields that begin a message.
    ///
    /// On a stream that is gone, this and the other sends do nothing: the owner hears of its end by an event.
    package mutating func sendHeaders(_ fields: [HeaderField], on id: StreamID, endsStream: Bool) {
        guard let stream = streams[id], !stream.hasEndedSending else { return }
        let block = encoder.encode(fields)
        reply { $0.writeHeaders(id, block: block, endsStream: endsStream) }
        if endsStream { endSending(id) }
    }

    /// Queues a part of a message; ``Event/drained(_:)`` tells when the peer's windows have let all of it out.
    package mutating func sendData(_ bytes: [UInt8], on id: StreamID, endsStream: Bool) {
        guard let stream = streams[id], case .none = stream.ending, !stream.hasEndedSending else { return }
        streams[id]?.queue.append(bytes)
        if endsStream { streams[id]?.ending = .endStream }
        joinLine(id)
    }

    /// Ends a message with trailers, after all queued data.
    package mutating func sendTrailers(_ fields: [HeaderField], on id: StreamID) {
        guard let stream = streams[id], case .none = stream.ending, !stream.hasEndedSending else { return }
        streams[id]?.ending = .trailers(fields)
        joinLine(id)
    }

    /// Ends a stream before its time; what is queued on it is dropped, and no event follows.
    package mutating func reset(_ id: StreamID, _ code: ErrorCode) {
        guard streams[id] != nil else { return }
        close(id, .resetByUs)
        reply { $0.writeResetStream(id, code) }
    }

    /// Takes no new streams from now on; those that run go on to their end.
    package mutating func startDraining() {
        guard phase != .failed, ownGoAway == nil else { return }
        ownGoAway = lastPeerStream
        let last = lastPeerStream
        reply { $0.writeGoAway(lastStream: last, .noError, debug: []) }
    }

    /// How many octets wait on the stream for the peer's windows or for the output to be taken.
    package func queuedOctets(on id: StreamID) -> Int { streams[id]?.queue.count ?? 0 }

    /// Takes what is to be written to the peer now.
    ///
    /// - Parameter limit: about how many octets of data to take out at a time; data waits in its streams until then.
    /// - Returns: the octets; empty when there is nothing.
    package mutating func takeOutput(upTo limit: Int = 65_536) -> [UInt8] {
        var writer = control
        control = ByteWriter()
        waitingReplies = 0
        sendFromLine(into: &writer, upTo: limit)
        // What the peer sent while too many answers waited has been lying there.
        readInput()
        return writer.bytes
    }

    /// Puts the stream at the end of the line of senders, if it has something to send and is not in it.
    mutating func joinLine(_ id: StreamID) {
        guard let stream = streams[id], stream.canSend, !stream.isInLine else { return }
        streams[id]?.isInLine = true
        line.append(id)
    }

    /// One frame a stream in turn, until the limit, the connection window or the line is at its end.
    private mutating func sendFromLine(into writer: inout ByteWriter, upTo limit: Int) {
        var waiting: [StreamID] = []
        var next = 0
        while next < line.count, writer.count < limit {
            let id = line[next]
            next += 1
            guard let stream = streams[id] else { continue }
            guard stream.canSend else {  // its window shrank while it stood in line
                streams[id]?.isInLine = false
                continue
            }
            if !stream.queue.isEmpty, sendWindow <= 0 {
                waiting.append(id)
                continue
            }
            streams[id]?.isInLine = false
            sendFrame(of: id, into: &writer)
            joinLine(id)
        }
        line.removeFirst(next)
        line = waiting + line
    }

    private mutating func sendFrame(of id: StreamID, into writer: inout ByteWriter) {
        guard var stream = streams.removeValue(forKey: id) else { return }
        let hadData = !stream.queue.isEmpty
        let size = hadData ? min(stream.queue.count, stream.sendWindow, sendWindow, FrameHeader.payloadLimit) : 0
        var endsStream = false
        if hadData || stream.ending.isEndStream {
            endsStream = size == stream.queue.count && stream.ending.isEndStream
            let flags: FrameFlags = endsStream ? .endStream : []
            FrameHeader(length: size, type: .data, flags: flags, stream: id).write(to: &writer)
            stream.queue.take(size, into: &writer)
            stream.sendWindow -= size
            sendWindow -= size
        }
        if case .trailers(let fields) = stream.ending, stream.queue.isEmpty {
            writer.writeHeaders(id, block: encoder.encode(fields), endsStream: true)
            endsStream = true
        }
        let isDrained = hadData && stream.queue.isEmpty
        streams[id] = stream
        if isDrained { events.append(.drained(id)) }
        if endsStream { endSending(id) }
    }

    private mutating func endSending(_ id: StreamID) {
        streams[id]?.hasEndedSending = true
        streams[id]?.ending = .none
        if case .everything? = streams[id]?.receiving { close(id, .ended) }
    }
}

extension StreamState.Ending {
    var isEndStream: Bool {
        if case .endStream = self { true } else { false }
    }
}
