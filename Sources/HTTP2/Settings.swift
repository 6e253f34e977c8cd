/// The name of a setting: an open set, unknown ones are ignored.
///
/// - SeeAlso: RFC 9113 §6.5.2
package struct SettingID: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let headerTableSize = Self(rawValue: 0x1)
    package static let enablePush = Self(rawValue: 0x2)
    package static let maxConcurrentStreams = Self(rawValue: 0x3)
    package static let initialWindowSize = Self(rawValue: 0x4)
    package static let maxFrameSize = Self(rawValue: 0x5)
    package static let maxHeaderListSize = Self(rawValue: 0x6)
}

/// One parameter of a SETTINGS frame.
struct Setting: Equatable, Sendable {
    let id: SettingID
    let value: UInt32

    init(_ id: SettingID, _ value: UInt32) {
        self.id = id
        self.value = value
    }

    /// Checks the value by itself.
    ///
    /// - Throws: ``HTTP2Violation`` on the connection for a value outside what §6.5.2 allows.
    func validate(receivedBy role: HTTP2Role) throws(HTTP2Violation) {
        switch id {
        case .enablePush where value > 1:
            throw .connection(.protocolError, "ENABLE_PUSH of \(value)")
        case .enablePush where value == 1 && role == .client:
            throw .connection(.protocolError, "a server enabled push")
        case .initialWindowSize where value > 0x7fff_ffff:
            throw .connection(.flowControlError, "INITIAL_WINDOW_SIZE of \(value)")
        case .maxFrameSize where !(16_384...16_777_215).contains(value):
            throw .connection(.protocolError, "MAX_FRAME_SIZE of \(value)")
        default: return
        }
    }
}

/// What this end announces in its first SETTINGS frame; it never sends another.
package struct LocalSettings: Equatable, Sendable {
    /// The table the peer's encoder may use, in octets.
    package var headerTableSize = 4096
    /// How many streams the peer may have open at a time; a client announces none.
    package var maxConcurrentStreams = 128
    /// The receive window of each stream, in octets.
    package var initialWindowSize = LocalSettings.defaultWindow
    /// The receive window of the connection, in octets, at least 65,535.
    package var connectionWindowSize = LocalSettings.defaultWindow
    /// The largest header list accepted, in octets.
    package var maxHeaderListSize = 16_384

    package init() {}

    /// The windows both sides start with, in octets (RFC 9113 §6.9.2).
    static let defaultWindow = 65_535

    func frame(for role: HTTP2Role) -> [Setting] {
        var settings: [Setting] = role == .client ? [Setting(.enablePush, 0)] : []
        if headerTableSize != 4096 { settings.append(Setting(.headerTableSize, UInt32(headerTableSize))) }
        if role == .server { settings.append(Setting(.maxConcurrentStreams, UInt32(maxConcurrentStreams))) }
        if initialWindowSize != LocalSettings.defaultWindow {
            settings.append(Setting(.initialWindowSize, UInt32(initialWindowSize)))
        }
        settings.append(Setting(.maxHeaderListSize, UInt32(maxHeaderListSize)))
        return settings
    }
}

/// Which end of a connection a machine is.
package enum HTTP2Role: Sendable {
    case client
    case server
}

/// What a peer may cost before it is shown out; each with the attack it guards against.
package enum HTTP2Limits {
    /// The encoded size of a header block over all its frames, in octets (CVE-2023-45288).
    package static let headerBlockSize = 16_384
    /// CONTINUATION frames of a header block, empty ones counted (CVE-2023-45288).
    package static let continuations = 8
    /// How long a header block may take from its first frame to its last.
    package static let headerBlockTime = Duration.seconds(5)
    /// How long the preface and the first SETTINGS may take: half-open connections.
    package static let handshakeTime = Duration.seconds(10)
    /// RST_STREAM frames from a client in ``countingTime`` (CVE-2023-44487).
    package static let resetsReceived = 200
    /// RST_STREAM frames a peer provokes us to send in ``countingTime`` (CVE-2025-8671).
    package static let resetsProvoked = 200
    /// SETTINGS frames in ``countingTime``, 10 a second sustained (CVE-2019-9515).
    package static let settingsFrames = 300
    package static let countingTime = Duration.seconds(30)
    /// Settings in one frame (CVE-2019-9515).
    package static let settingsInFrame = 32
    /// Frames of ours that wait for the peer to read, before we stop reading from it (CVE-2019-9512, CVE-2019-9515).
    package static let waitingReplies = 64
    /// DATA, HEADERS and CONTINUATION frames in a row that carry nothing (CVE-2019-9518).
    package static let emptyFramesInRow = 10
    /// Debug data of a GOAWAY that is kept, in octets.
    package static let goAwayDebugSize = 256
    /// Closed streams remembered, to tell late frames from wrong ones.
    static let closedStreams = 256
}
