import Testing

@testable import LinuxSystem

@Suite struct DeadlineTests {
    @Test func `a deadline far beyond the clock is no deadline`() {
        #expect(Deadline.after(seconds: .max) == .never)
        #expect(Deadline.after(milliseconds: .max) == .never)
        #expect(!Deadline.never.isPast)
        #expect(Deadline.never.pollMilliseconds == -1)
    }

    @Test func `a past deadline leaves nothing, one to come rounds up`() {
        #expect(Deadline.now.isPast)
        #expect(Deadline.now.pollMilliseconds == 0)
        #expect(Deadline.now.remainingNanoseconds == 0)
        #expect((3_000_000...3_600_001).contains(Deadline.after(seconds: 3600).pollMilliseconds))
        #expect(Deadline.after(seconds: 1) < Deadline.after(seconds: 1000))
    }

    @Test func `the monotonic clock does not go back`() {
        let first = MonotonicClock.now()
        #expect(MonotonicClock.now() >= first)
        // 2020-01-01.
        #expect(WallClock.seconds() > 1_577_836_800)
    }

    @Test func `the environment is read with its values`() {
        #expect(Environment.variables()["PATH"]?.contains("/") == true)
    }
}
