import CShims
import Glibc

/// Tells what happens to the names in one directory (inotify).
package struct DirectoryWatch: ~Copyable, Sendable {
    /// Something happened to a name.
    package struct Event: Equatable, Sendable {
        /// What happened.
        package enum Kind: Equatable, Sendable {
            /// The name is new: made here or moved in.
            case appeared
            /// The name is gone: removed or moved out.
            case vanished
            /// A file that had been open for writing was closed.
            case written
            /// The directory itself is gone or covered by a mount; nothing more will be told.
            case directoryGone
            /// The kernel had to drop events: list the directory again.
            case overflowed
        }

        package let kind: Kind
        /// The name in the directory; empty where the event is about the directory.
        package let name: String
    }

    private let descriptor: Descriptor
    private let path: String

    /// The number to poll: readable when there are events.
    package var rawValue: CInt { descriptor.rawValue }

    /// Starts watching; list the directory after this, not before, to miss nothing.
    ///
    /// - Throws: ``SystemError`` of `inotify_init1` or `inotify_add_watch`.
    package init(_ path: String) throws(SystemError) {
        try requireNoZeroByte(path, call: "inotify_add_watch")
        let descriptor = Descriptor(
            owning: try systemCall("inotify_init1", path) { inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK)) }
        )
        let mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF
        try descriptor.call("inotify_add_watch", path) {
            inotify_add_watch($0, path, UInt32(mask) | UInt32(IN_ONLYDIR))
        }
        self.descriptor = descriptor
        self.path = path
    }

    /// Waits for events; empty at the deadline.
    ///
    /// - Throws: ``SystemError`` of `poll` or `read`.
    package borrowing func events(until deadline: Deadline) throws(SystemError) -> [Event] {
        while true {
            var watched = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            let ready = try systemCall("poll", path) { poll(&watched, 1, deadline.pollMilliseconds) }
            if ready > 0 { return Self.events(in: try descriptor.read(atMost: 65_536, of: path)) }
            if deadline.isPast { return [] }
        }
    }

    /// Reads the kernel's records: watch (4 bytes), mask (4), cookie (4), length of the name (4), name with zeros.
    ///
    /// - SeeAlso: inotify(7)
    static func events(in bytes: [UInt8]) -> [Event] {
        var events: [Event] = []
        var rest = bytes[...]
        while rest.count >= 16 {
            let mask = number(rest.dropFirst(4))
            let length = Int(number(rest.dropFirst(12)))
            guard rest.count - 16 >= length else { break }
            let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
            if let kind = kind(mask) { events.append(Event(kind: kind, name: String(decoding: name, as: UTF8.self))) }
            rest = rest.dropFirst(16 + length)
        }
        return events
    }

    private static func kind(_ mask: UInt32) -> Event.Kind? {
        let has: (CInt) -> Bool = { mask & UInt32(bitPattern: $0) != 0 }
        if has(IN_Q_OVERFLOW) { return .overflowed }
        if has(IN_DELETE_SELF) || has(IN_MOVE_SELF) || has(IN_UNMOUNT) { return .directoryGone }
        if has(IN_CREATE) || has(IN_MOVED_TO) { return .appeared }
        if has(IN_DELETE) || has(IN_MOVED_FROM) { return .vanished }
        // IN_IGNORED follows IN_DELETE_SELF and says nothing new.
        return has(IN_CLOSE_WRITE) ? .written : nil
    }

    /// In the machine's byte order.
    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
    }
}
