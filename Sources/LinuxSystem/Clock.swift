import Glibc

/// Time that only moves forward, counted from an arbitrary moment of this boot.
package enum MonotonicClock {
    /// Nanoseconds of `CLOCK_MONOTONIC`.
    package static func now() -> UInt64 { nanoseconds(CLOCK_MONOTONIC) }
}

/// The time of day.
package enum WallClock {
    /// Whole seconds since 1970-01-01 00:00 UTC.
    package static func seconds() -> Int64 { Int64(nanoseconds(CLOCK_REALTIME) / 1_000_000_000) }
}

private func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    // Cannot fail: both clocks are always there and the address is ours.
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A moment of the monotonic clock by which something must be done.
package struct Deadline: Hashable, Sendable, Comparable {
    /// Nanoseconds of ``MonotonicClock``.
    package let nanoseconds: UInt64

    /// No deadline.
    package static let never = Deadline(nanoseconds: .max)

    /// Past already: try once, wait for nothing.
    package static let now = Deadline(nanoseconds: 0)

    /// A moment of ``MonotonicClock``.
    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// So many milliseconds from now.
    package static func after(milliseconds: UInt64) -> Deadline {
        let (wait, tooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (moment, overflow) = MonotonicClock.now().addingReportingOverflow(wait)
        return tooLong || overflow ? .never : Deadline(nanoseconds: moment)
    }

    /// So many seconds from now.
    package static func after(seconds: UInt64) -> Deadline {
        let (milliseconds, tooLong) = seconds.multipliedReportingOverflow(by: 1000)
        return tooLong ? .never : .after(milliseconds: milliseconds)
    }

    /// Whether the moment is past.
    package var isPast: Bool { self != .never && MonotonicClock.now() >= nanoseconds }

    /// Nanoseconds left; 0 when past.
    package var remainingNanoseconds: UInt64 {
        let now = MonotonicClock.now()
        return now < nanoseconds ? nanoseconds - now : 0
    }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }

    /// What `poll` takes: milliseconds rounded up, 0 when past, -1 for ``never``.
    package var pollMilliseconds: CInt {
        if self == .never { return -1 }
        let milliseconds = remainingNanoseconds / 1_000_000
        return CInt(min(milliseconds, 1_000_000_000) + (remainingNanoseconds > 0 ? 1 : 0))
    }
}

/// Waits so many milliseconds, but not beyond `deadline`.
package func pause(milliseconds: UInt64, until deadline: Deadline) {
    let wait = min(deadline.remainingNanoseconds, milliseconds * 1_000_000)
    var left = timespec(tv_sec: Int(wait / 1_000_000_000), tv_nsec: Int(wait % 1_000_000_000))
    var rest = timespec()
    while nanosleep(&left, &rest) != 0, errno == EINTR { left = rest }
}
