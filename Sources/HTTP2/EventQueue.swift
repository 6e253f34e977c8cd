/// Events of a machine that wait for its owner, oldest first.
package struct EventQueue<Event> {
    private var events: [Event] = []
    private var first = 0

    /// Starts empty.
    package init() {}

    /// Adds an event behind the others.
    package mutating func append(_ event: Event) { events.append(event) }

    /// Takes the oldest event; `nil` when there is none.
    package mutating func removeFirst() -> Event? {
        guard first < events.count else {
            events.removeAll(keepingCapacity: events.count < 64)
            first = 0
            return nil
        }
        defer { first += 1 }
        return events[first]
    }

    /// Takes back the newest event, if the owner does not have it yet.
    mutating func removeLast() {
        if first < events.count { events.removeLast() }
    }

    /// Drops those of the waiting events that `isUnwanted` picks.
    package mutating func removeAll(where isUnwanted: (Event) -> Bool) {
        events = events[first...].filter { !isUnwanted($0) }
        first = 0
    }
}

extension EventQueue: Sendable where Event: Sendable {}
