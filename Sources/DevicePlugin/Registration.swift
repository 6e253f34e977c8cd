/// Keeps one resource registered with the kubelet, whatever becomes of the kubelet, its socket, ours, or the stream.
///
/// Performs no I/O and reads no clock. The owner carries out each ``Action`` and reports its outcome before it hands in
/// anything else. It leaves to the owner to see what happens in the directory, and to make and end sockets and streams.
///
///     idle ─▶ preparing ─▶ (settling) ─▶ registering ─▶ unconfirmed ─▶ registered
///                ▲                           │               │             │
///                └────── backingOff ◀────────┴───────────────┴─────────────┘
///
/// Every attempt begins with a fresh socket and with the end of every stream on the one before. A kubelet finds the
/// client to disconnect by resource name when a stream ends, so an old stream that ends after a new registration takes
/// that down with it; and a kubelet that fails to reach a new socket forgets the old one. Hence also the moment of
/// rest after a live stream was ended, unless the kubelet is a new one, which knows nothing of it.
///
/// - SeeAlso: Kubernetes 1.25 to 1.36, device manager; kubernetes#121994, #127803
package enum Registration: ~Copyable {
    package typealias Instant = ContinuousClock.Instant

    /// What the owner is to do.
    package enum Action: Equatable, Sendable {
        case none
        /// End all streams, take the old socket away, serve on a new one; report ``Registration/prepared(endedStream:now:)``.
        case prepare
        /// Call `Register`; report ``Registration/registerSucceeded(now:)`` or ``Registration/registerFailed(now:)``.
        case register
    }

    /// Nothing was tried yet.
    case idle
    /// A new socket is being made, after `failures` attempts in a row that came to nothing.
    case preparing(failures: Int, kubeletIsNew: Bool)
    /// The kubelet is left in peace to notice the end of the old stream.
    case settling(failures: Int, until: Instant)
    /// A `Register` call is in flight; the kubelet may open its stream before it answers.
    case registering(failures: Int, isStreamOpen: Bool)
    /// The kubelet said yes and has not opened its stream; a kubelet up to 1.24 says so before it dials.
    case unconfirmed(failures: Int, until: Instant)
    /// A stream is open, since `since`.
    case registered(failures: Int, since: Instant)
    /// The next attempt is due at `retry`.
    case backingOff(failures: Int, retry: Instant)

    /// Nothing was tried yet.
    package init() { self = .idle }

    /// When ``timePassed(now:)`` is to be called; `nil` if nothing waits for time.
    package var deadline: Instant? {
        switch self {
        case .settling(_, let until): until
        case .unconfirmed(_, let until): until
        case .backingOff(_, let retry): retry
        default: nil
        }
    }

    /// There is something to register.
    package mutating func begin() -> Action {
        switch consume self {
        case .idle:
            self = .preparing(failures: 0, kubeletIsNew: false)
            return .prepare
        case let other:
            self = other
            return .none
        }
    }

    /// The kubelet's socket was made or replaced: whoever listens there knows nothing of us.
    package mutating func kubeletAppeared() -> Action {
        let isIdle = if case .idle = self { true } else { false }
        self = isIdle ? .idle : .preparing(failures: 0, kubeletIsNew: true)
        return isIdle ? .none : .prepare
    }

    /// The new socket is served.
    ///
    /// - Parameters:
    ///   - endedStream: Whether a stream was open on the one before.
    ///   - now: The time.
    /// - Returns: What to do.
    package mutating func prepared(endedStream: Bool, now: Instant) -> Action {
        switch consume self {
        case .preparing(let failures, let kubeletIsNew):
            if endedStream, !kubeletIsNew {
                self = .settling(failures: failures, until: now + Self.settlingTime)
                return .none
            }
            self = .registering(failures: failures, isStreamOpen: false)
            return .register
        case let other:
            self = other
            return .none
        }
    }

    /// No socket could be made.
    package mutating func prepareFailed(now: Instant) -> Action {
        switch consume self {
        case .preparing(let failures, _): self = Self.backOff(after: failures, now: now)
        case let other: self = other
        }
        return .none
    }

    /// `Register` was answered.
    package mutating func registerSucceeded(now: Instant) -> Action {
        switch consume self {
        case .registering(let failures, isStreamOpen: true): self = .registered(failures: failures, since: now)
        case .registering(let failures, isStreamOpen: false):
            self = .unconfirmed(failures: failures, until: now + Self.confirmationTime)
        case let other: self = other
        }
        return .none
    }

    /// `Register` failed, or our own socket was gone before it could be called.
    package mutating func registerFailed(now: Instant) -> Action {
        switch consume self {
        case .registering(let failures, _): self = Self.backOff(after: failures, now: now)
        case let other: self = other
        }
        return .none
    }

    /// The kubelet opened its first stream on the present socket.
    package mutating func streamOpened(now: Instant) -> Action {
        switch consume self {
        case .registering(let failures, _): self = .registering(failures: failures, isStreamOpen: true)
        case .unconfirmed(let failures, _): self = .registered(failures: failures, since: now)
        case let other: self = other
        }
        return .none
    }

    /// The last stream on the present socket ended; a kubelet never opens it again by itself.
    package mutating func streamEnded(now: Instant) -> Action {
        switch consume self {
        case .registering(let failures, _): self = .registering(failures: failures, isStreamOpen: false)
        case .registered(let failures, let since):
            self = Self.backOff(after: now - since >= Self.provingTime ? 0 : failures, now: now)
        case let other: self = other
        }
        return .none
    }

    /// Our own socket file is gone or another's: nobody finds us any more.
    package mutating func socketLost() -> Action {
        switch consume self {
        case .settling(let failures, _): self = .preparing(failures: failures, kubeletIsNew: false)
        case .unconfirmed(let failures, _): self = .preparing(failures: failures, kubeletIsNew: false)
        case .registered(let failures, _): self = .preparing(failures: failures, kubeletIsNew: false)
        case let other:
            self = other
            return .none
        }
        return .prepare
    }

    /// The ``deadline`` may have come.
    package mutating func timePassed(now: Instant) -> Action {
        switch consume self {
        case .settling(let failures, let until) where until <= now:
            self = .registering(failures: failures, isStreamOpen: false)
            return .register
        case .unconfirmed(let failures, let until) where until <= now:
            self = Self.backOff(after: failures, now: now)
            return .none
        case .backingOff(let failures, let retry) where retry <= now:
            self = .preparing(failures: failures, kubeletIsNew: false)
            return .prepare
        case let other:
            self = other
            return .none
        }
    }

    private static func backOff(after failures: Int, now: Instant) -> Registration {
        let doubled = firstDelay * (1 << min(failures, 16))
        return .backingOff(failures: failures + 1, retry: now + min(doubled, lastDelay))
    }

    /// A kubelet notices the end of a stream in milliseconds; it then takes a few locks.
    static let settlingTime = Duration.milliseconds(500)
    /// A kubelet opens its stream within milliseconds of its answer; one up to 1.24 dials for up to 10 s first.
    static let confirmationTime = Duration.seconds(12)
    /// A stream that lived so long shows that the registration was good; the next back-off begins anew.
    static let provingTime = Duration.seconds(60)
    /// Between a kubelet's bind and listen a connection is refused for an instant, so the first retry comes soon.
    static let firstDelay = Duration.milliseconds(100)
    static let lastDelay = Duration.seconds(30)
}

extension Registration {
    /// A word for status and log.
    package var phase: Phase {
        switch self {
        case .idle: .idle
        case .unconfirmed: .unconfirmed
        case .registered: .registered
        case .backingOff: .backingOff
        default: .registering
        }
    }

    /// How far a registration is.
    package enum Phase: String, Sendable, CustomStringConvertible {
        case idle, registering, unconfirmed, registered
        case backingOff = "backing off"

        package var description: String { rawValue }
    }
}
