#if DEBUG
    import Glibc
    import LinuxSystem
    import Synchronization

    /// Where a debug build can be made to die: after each call of the kernel, the system and the store.
    ///
    /// `PATCHBAY_KILL_AFTER=N` ends the process without warning after the Nth; 1-based. A release build has none of this.
    enum FaultPoint {
        private static let passed = Atomic<Int>(0)
        private static let last = Environment.variables()["PATCHBAY_KILL_AFTER"].flatMap { Int($0) }

        static func pass() {
            guard let last else { return }
            if passed.add(1, ordering: .relaxed).newValue == last { kill(getpid(), SIGKILL) }
        }
    }
#endif

/// Says that a call was made, whether it succeeded or not.
@inline(__always)
func callWasMade() {
    #if DEBUG
        FaultPoint.pass()
    #endif
}
