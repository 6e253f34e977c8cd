import Bytes
import HPACK

/// One stream that is not closed.
///
///     open ── END_STREAM sent ──▶ half-closed (local) ── END_STREAM received ─┐
///      └──── END_STREAM received ──▶ half-closed (remote) ── END_STREAM sent ─┴─▶ closed (forgotten)
///
/// - SeeAlso: RFC 9113 §5.1
struct StreamState: Sendable {
    /// What the peer has sent on the stream so far.
    enum Receiving: Sendable { case nothing, headers, everything }

    /// How our side ends once the queue is sent.
    enum Ending: Sendable {
        case none
        case endStream
        case trailers([HeaderField])
    }

    var receiving = Receiving.nothing
    /// Our END_STREAM has been sent.
    var hasEndedSending = false
    /// May be negative after the peer lowered INITIAL_WINDOW_SIZE (§6.9.2).
    var sendWindow: Int
    var receiveWindow: ReceiveWindow
    /// Octets given to the owner for which it has not returned credit.
    var owedCredit = 0
    var queue = SendQueue()
    var ending = Ending.none
    /// Whether the stream stands in the connection's line of senders.
    var isInLine = false
    /// What is left of the announced content-length, if one was announced.
    var remainingContent: Int?

    /// Whether a frame could be sent now as far as this stream's own window goes.
    var canSend: Bool {
        guard queue.isEmpty else { return sendWindow > 0 }
        if case .none = ending { return false }
        return true
    }
}

/// A receive window, and the credit saved up for the next WINDOW_UPDATE.
///
/// - SeeAlso: RFC 9113 §6.9
struct ReceiveWindow: Sendable {
    /// What the peer may still send, in octets; negative after we lowered the initial size.
    private(set) var available: Int
    private var size: Int
    private var unsentCredit = 0

    init(size: Int) {
        self.size = size
        self.available = size
    }

    /// Takes what arrived off the window; `false` if the peer had no right to send it.
    mutating func receive(_ count: Int) -> Bool {
        available -= count
        return available >= 0
    }

    /// Gives `count` octets back; the increment to announce now, or 0 while it is less than half the window.
    mutating func credit(_ count: Int) -> Int {
        unsentCredit += count
        guard unsentCredit > 0, unsentCredit * 2 >= size else { return 0 }
        defer { unsentCredit = 0 }
        available += unsentCredit
        return unsentCredit
    }

    mutating func changeSize(by difference: Int) {
        size += difference
        available += difference
    }
}

/// Octets that wait for the peer's windows.
struct SendQueue: Sendable {
    private var chunks: [ArraySlice<UInt8>] = []
    private var first = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        chunks.append(bytes[...])
        count += bytes.count
    }

    /// Moves exactly `wanted` octets, of which there are at least as many, to the writer.
    mutating func take(_ wanted: Int, into writer: inout ByteWriter) {
        var left = wanted
        while left > 0, first < chunks.count {
            let part = chunks[first].prefix(left)
            writer.write(part)
            left -= part.count
            chunks[first].removeFirst(part.count)
            if chunks[first].isEmpty { dropFirstChunk() }
        }
        count -= wanted - left
    }

    private mutating func dropFirstChunk() {
        chunks[first] = []
        first += 1
        guard first == chunks.count || first > 64 else { return }
        chunks.removeFirst(first)
        first = 0
    }
}

/// Counts events in a window of time that starts anew when it is over.
struct RateCounter: Sendable {
    private let limit: Int
    private var start: ContinuousClock.Instant?
    private var count = 0

    init(limit: Int) { self.limit = limit }

    /// Counts one event; `false` when it is one too many.
    mutating func allows(at now: ContinuousClock.Instant) -> Bool {
        if let start, now - start < HTTP2Limits.countingTime {
            count += 1
        } else {
            start = now
            count = 1
        }
        return count <= limit
    }
}

/// The streams that closed last and how, so that a frame on its way at that moment is told from a wrong one.
struct ClosedStreams: Sendable {
    enum Cause: Sendable {
        /// Both sides sent END_STREAM.
        case ended
        case resetByPeer
        case resetByUs
    }

    private var causes: [StreamID: Cause] = [:]
    private var ring: [StreamID] = []
    private var next = 0

    subscript(id: StreamID) -> Cause? { causes[id] }

    mutating func insert(_ id: StreamID, _ cause: Cause) {
        if causes.updateValue(cause, forKey: id) != nil { return }
        if ring.count < HTTP2Limits.closedStreams { return ring.append(id) }
        causes[ring[next]] = nil
        ring[next] = id
        next = (next + 1) % HTTP2Limits.closedStreams
    }
}
