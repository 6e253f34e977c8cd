import Bytes
package import HPACK

/// One end of an HTTP/2 connection.
///
/// It governs frames, settings, header compression, stream states, flow control and the limits on what a peer may cost. It
/// leaves the meaning of messages to its owner, and performs no I/O.
///
///     greeting ── preface and SETTINGS ──▶ open ── startDraining ──▶ draining ── last stream ends ──▶ isFinished
///         └─────────────────┴── a connection error ──┴──▶ failed: GOAWAY is in the output, nothing is read any more
///
/// One input, then drain: after each call that gives it something, the owner takes events until there are none and output
/// until there is none, alternating while either comes. It stops reading from the peer while ``wantsInput`` is `false`, and
/// calls ``timePassed(now:)`` at ``deadline``.
///
/// - SeeAlso: RFC 9113
package struct HTTP2Connection: ~Copyable {
    /// What has happened, for the owner.
    package enum Event: Equatable, Sendable {
        /// The peer's first SETTINGS have been read: the connection is up.
        case opened
        /// A request or a final response began; its fields are well-formed.
        case headers(StreamID, [HeaderField], endsStream: Bool)
        /// The last fields of a message; they end the stream.
        case trailers(StreamID, [HeaderField])
        /// A part of a message. The owner returns credit for its octets with ``HTTP2Connection/returnCredit(_:on:)``.
        case data(StreamID, [UInt8], endsStream: Bool)
        /// The stream is gone before its end. Also for a client's streams that the peer's GOAWAY leaves unprocessed, with
        /// REFUSED_STREAM.
        case reset(StreamID, ErrorCode, byPeer: Bool)
        /// All that was given to be sent on the stream is in the output.
        case drained(StreamID)
        /// The peer will take no new streams.
        case goAwayReceived(lastStream: StreamID, ErrorCode, debug: [UInt8])
        /// The peer broke the connection's rules; send what is in the output and close. No event follows.
        case failed(HTTP2Violation)
    }

    enum Phase: Equatable {
        /// A server waits for the preface.
        case preface
        /// Waits for the peer's first SETTINGS.
        case settings
        case open
        case failed
    }

    /// A header block of which not all frames have come.
    struct OpenBlock {
        let stream: StreamID
        var fragments: [UInt8]
        let endsStream: Bool
        var continuations = 0
        let deadline: ContinuousClock.Instant
    }

    let role: HTTP2Role
    let local: LocalSettings
    var phase: Phase
    var handshakeDeadline: ContinuousClock.Instant?
    var lastInput: ContinuousClock.Instant

    var input: [UInt8] = []
    var inputNeeded = 1
    var openBlock: OpenBlock?
    var events = EventQueue<Event>()

    var control = ByteWriter()
    var waitingReplies = 0
    var decoder: HPACKDecoder
    var encoder = HPACKEncoder()

    var streams: [StreamID: StreamState] = [:]
    var closed = ClosedStreams()
    var line: [StreamID] = []
    var lastPeerStream = StreamID.connection
    var nextOwnStream: UInt32 = 1
    var sendWindow = LocalSettings.defaultWindow
    var receiveWindow: ReceiveWindow
    /// The window each new stream receives with; from 65,535 if ours is smaller and not yet acknowledged.
    var streamReceiveWindow: Int
    var peerInitialWindow = LocalSettings.defaultWindow
    /// How many streams the peer lets us have open; no limit unless it says so.
    package internal(set) var peerMaxConcurrentStreams = Int.max
    /// The largest header list the peer wants to see, in octets.
    package internal(set) var peerMaxHeaderListSize = Int.max
    var hasAcknowledgedSettings = false
    /// The last stream our GOAWAY lets the peer open.
    var ownGoAway: StreamID?
    var hasReceivedGoAway = false

    var resetsReceived = RateCounter(limit: HTTP2Limits.resetsReceived)
    var resetsProvoked = RateCounter(limit: HTTP2Limits.resetsProvoked)
    var settingsFrames = RateCounter(limit: HTTP2Limits.settingsFrames)
    var emptyFramesInRow = 0

    /// Starts a connection; its preface and SETTINGS are in the output at once, before anything is read.
    ///
    /// - Parameters:
    ///   - role: which end this is.
    ///   - local: what this end announces.
    ///   - now: the time.
    package init(role: HTTP2Role, local: LocalSettings = LocalSettings(), now: ContinuousClock.Instant) {
        self.role = role
        self.local = local
        self.lastInput = now
        self.phase = role == .server ? .preface : .settings
        self.handshakeDeadline = now + HTTP2Limits.handshakeTime
        self.decoder = HPACKDecoder(listSizeLimit: local.maxHeaderListSize)
        self.receiveWindow = ReceiveWindow(size: LocalSettings.defaultWindow)
        self.streamReceiveWindow = max(local.initialWindowSize, LocalSettings.defaultWindow)
        if role == .client { control.write(HTTP2Connection.preface) }
        control.writeSettings(local.frame(for: role))
        let more = local.connectionWindowSize - LocalSettings.defaultWindow
        if more > 0 {
            control.writeWindowUpdate(.connection, increment: more)
            receiveWindow.changeSize(by: more)
        }
    }

    /// What a client sends first.
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Whether the owner may read from the peer: `false` while our answers wait to be taken, and after a failure.
    package var wantsInput: Bool { phase != .failed && waitingReplies < HTTP2Limits.waitingReplies }

    /// When ``timePassed(now:)`` has to be called at the latest, if nothing else happens.
    package var deadline: ContinuousClock.Instant? {
        guard phase != .failed else { return nil }
        return [handshakeDeadline, openBlock?.deadline].compactMap { $0 }.min()
    }

    /// How many streams are not closed.
    package var openStreams: Int { streams.count }

    /// Whether the connection may be closed: it failed, or it was drained and nothing is left to send.
    package var isFinished: Bool {
        control.count == 0 && (phase == .failed || (ownGoAway != nil || hasReceivedGoAway) && streams.isEmpty)
    }

    /// Whether a client may open a stream now.
    package var canOpenStream: Bool {
        phase == .open && role == .client && !hasReceivedGoAway && ownGoAway == nil
            && streams.count < peerMaxConcurrentStreams && nextOwnStream <= StreamID.highest.number
    }

    /// Whether this client can never open a stream again and a new connection is needed.
    package var isClosedToStreams: Bool {
        phase == .failed || hasReceivedGoAway || ownGoAway != nil || nextOwnStream > StreamID.highest.number
    }

    /// The next thing that happened, oldest first; `nil` when the owner knows all.
    package mutating func nextEvent() -> Event? { events.removeFirst() }

    /// Lets the machine see the time; ends a connection whose peer is too slow with its preface or a header block.
    package mutating func timePassed(now: ContinuousClock.Instant) {
        if let handshakeDeadline, now >= handshakeDeadline {
            fail(.connection(.protocolError, "no preface and SETTINGS in time"))
        } else if let openBlock, now >= openBlock.deadline {
            fail(.connection(.enhanceYourCalm, "header block not finished in time"))
        }
    }

    /// Ends the connection: GOAWAY goes out, streams are dropped, no input is looked at any more.
    mutating func fail(_ violation: HTTP2Violation) {
        guard phase != .failed else { return }
        phase = .failed
        let debug = Array(violation.reason.utf8.prefix(HTTP2Limits.goAwayDebugSize))
        control.writeGoAway(lastStream: ownGoAway ?? lastPeerStream, violation.code, debug: debug)
        streams = [:]
        line = []
        input = []
        openBlock = nil
        handshakeDeadline = nil
        events.append(.failed(violation))
    }
}
