import Testing

@testable import DevicePlugin

@Suite struct RegistrationTests {
    let start = ContinuousClock.now

    /// A registration that stands, with an open stream since `start`.
    private func registered() -> Registration {
        var registration = Registration()
        _ = registration.begin()
        _ = registration.prepared(endedStream: false, now: start)
        _ = registration.registerSucceeded(now: start)
        _ = registration.streamOpened(now: start)
        return registration
    }

    @Test func `it serves first, then registers, and stands once a stream is open`() {
        var registration = Registration()
        #expect(registration.begin() == .prepare)
        #expect(registration.prepared(endedStream: false, now: start) == .register)
        #expect(registration.registerSucceeded(now: start) == .none)
        #expect(registration.phase == .unconfirmed)
        #expect(registration.streamOpened(now: start) == .none)
        #expect(registration.phase == .registered)
        #expect(registration.deadline == nil)
    }

    @Test func `a stream that opens before Register is answered counts`() {
        var registration = Registration()
        _ = registration.begin()
        _ = registration.prepared(endedStream: false, now: start)
        #expect(registration.streamOpened(now: start) == .none)
        #expect(registration.registerSucceeded(now: start) == .none)
        #expect(registration.phase == .registered)
    }

    @Test func `a stream that opens and ends before the answer does not count`() {
        var registration = Registration()
        _ = registration.begin()
        _ = registration.prepared(endedStream: false, now: start)
        _ = registration.streamOpened(now: start)
        _ = registration.streamEnded(now: start)
        _ = registration.registerSucceeded(now: start)
        #expect(registration.phase == .unconfirmed)
    }

    @Test func `a kubelet that comes back is registered with at once, whatever the back-off was`() {
        var registration = Registration()
        _ = registration.begin()
        _ = registration.prepared(endedStream: false, now: start)
        for _ in 0..<20 {
            _ = registration.registerFailed(now: start)
            _ = registration.timePassed(now: start + .seconds(3600))
            _ = registration.prepared(endedStream: false, now: start)
        }
        _ = registration.registerFailed(now: start)
        #expect(registration.kubeletAppeared() == .prepare)
        #expect(registration.prepared(endedStream: false, now: start) == .register)
        _ = registration.registerFailed(now: start)
        #expect(registration.deadline == start + Registration.firstDelay)
    }

    @Test func `refusals are answered with ever longer waits up to a limit`() {
        var registration = Registration()
        _ = registration.begin()
        var waits: [Duration] = []
        for _ in 0..<12 {
            _ = registration.prepared(endedStream: false, now: start)
            _ = registration.registerFailed(now: start)
            let deadline = registration.deadline
            waits.append((deadline ?? start) - start)
            #expect(registration.timePassed(now: (deadline ?? start) - .nanoseconds(1)) == .none)
            #expect(registration.timePassed(now: deadline ?? start) == .prepare)
        }
        #expect(waits.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(waits.suffix(3) == [.seconds(30), .seconds(30), .seconds(30)])
    }

    @Test func `a kubelet that says yes and opens no stream is asked again`() {
        var registration = Registration()
        _ = registration.begin()
        _ = registration.prepared(endedStream: false, now: start)
        _ = registration.registerSucceeded(now: start)
        let deadline = start + Registration.confirmationTime
        #expect(registration.deadline == deadline)
        #expect(registration.timePassed(now: deadline) == .none)
        #expect(registration.phase == .backingOff)
        #expect(registration.timePassed(now: deadline + Registration.firstDelay) == .prepare)
    }

    @Test func `a stream that ends is answered with a new registration, soon if it had lived`() {
        var registration = registered()
        let later = start + Registration.provingTime
        _ = registration.streamEnded(now: later)
        #expect(registration.phase == .backingOff)
        #expect(registration.deadline == later + Registration.firstDelay)
    }

    @Test func `streams that end again and again make the waits longer`() {
        var registration = registered()
        var waits: [Duration] = []
        for _ in 0..<3 {
            _ = registration.streamEnded(now: start)
            let deadline = registration.deadline ?? start
            waits.append(deadline - start)
            _ = registration.timePassed(now: deadline)
            _ = registration.prepared(endedStream: false, now: start)
            _ = registration.registerSucceeded(now: start)
            _ = registration.streamOpened(now: start)
        }
        #expect(waits == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
    }

    @Test func `a kubelet whose stream we ended gets a moment to notice`() {
        var registration = registered()
        #expect(registration.socketLost() == .prepare)
        #expect(registration.prepared(endedStream: true, now: start) == .none)
        #expect(registration.deadline == start + Registration.settlingTime)
        #expect(registration.timePassed(now: start + Registration.settlingTime) == .register)
    }

    @Test func `a new kubelet knows nothing of an old stream and is not kept waiting`() {
        var registration = registered()
        #expect(registration.kubeletAppeared() == .prepare)
        #expect(registration.prepared(endedStream: true, now: start) == .register)
    }

    @Test func `a socket that cannot be made is tried again`() {
        var registration = Registration()
        _ = registration.begin()
        #expect(registration.prepareFailed(now: start) == .none)
        #expect(registration.timePassed(now: start + Registration.firstDelay) == .prepare)
    }

    /// Every state, by the inputs that lead there.
    private enum State: CaseIterable {
        case idle, preparing, settling, registering, unconfirmed, registered, backingOff

        func make(at start: ContinuousClock.Instant) -> Registration {
            switch self {
            case .idle: .idle
            case .preparing: .preparing(failures: 1, kubeletIsNew: false)
            case .settling: .settling(failures: 1, until: start + .seconds(9))
            case .registering: .registering(failures: 1, isStreamOpen: false)
            case .unconfirmed: .unconfirmed(failures: 1, until: start + .seconds(9))
            case .registered: .registered(failures: 1, since: start)
            case .backingOff: .backingOff(failures: 1, retry: start + .seconds(9))
            }
        }
    }

    @Test func `what has nothing to say in a state changes nothing there`() {
        typealias Input = (name: String, isHeard: Set<State>, apply: (inout Registration) -> Registration.Action)
        let now = start
        let inputs: [Input] = [
            ("begin", [.idle], { $0.begin() }),
            ("prepared", [.preparing], { $0.prepared(endedStream: false, now: now) }),
            ("prepareFailed", [.preparing], { $0.prepareFailed(now: now) }),
            ("registerSucceeded", [.registering], { $0.registerSucceeded(now: now) }),
            ("registerFailed", [.registering], { $0.registerFailed(now: now) }),
            ("streamOpened", [.unconfirmed], { $0.streamOpened(now: now) }),
            ("streamEnded", [.registered], { $0.streamEnded(now: now) }),
            ("socketLost", [.settling, .unconfirmed, .registered], { $0.socketLost() }),
            ("timePassed", [], { $0.timePassed(now: now) }),
            ("kubeletAppeared", Set(State.allCases).subtracting([.idle, .preparing]), { $0.kubeletAppeared() }),
        ]
        for input in inputs {
            for state in State.allCases {
                var registration = state.make(at: start)
                let (phase, deadline) = (registration.phase, registration.deadline)
                let action = input.apply(&registration)
                let isChanged = action != .none || registration.phase != phase || registration.deadline != deadline
                let isHeard = input.isHeard.contains(state) || (input.name, state) == ("kubeletAppeared", .preparing)
                #expect(isChanged == isHeard, "\(input.name) in \(state)")
            }
        }
    }
}
