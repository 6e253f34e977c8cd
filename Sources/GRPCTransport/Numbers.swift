import Synchronization

/// Gives out 1, 2, 3, … to whoever asks.
final class Numbers: Sendable {
    private let last = Atomic<Int>(0)

    func next() -> Int { last.add(1, ordering: .relaxed).newValue }
}
