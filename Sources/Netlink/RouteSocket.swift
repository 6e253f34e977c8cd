import CLibNL
import Glibc
package import LinuxSystem

/// A connected `NETLINK_ROUTE` socket, closed when it goes out of scope.
///
/// It speaks for one network namespace for ever: the one its thread was in when it was opened. It may be handed to
/// another thread but not be used by two at once.
package struct RouteSocket: ~Copyable, @unchecked Sendable {
    private let handle: OpaquePointer

    /// Opens a socket in the calling thread's namespace.
    ///
    /// - Throws: ``NetlinkError`` of opening it.
    package init() throws(NetlinkError) {
        let purpose = Purpose("open", of: "route socket")
        guard let handle = nl_socket_alloc() else { throw purpose.error(ENOMEM) }
        Glibc.errno = 0
        let status = nl_connect(handle, NETLINK_ROUTE)
        guard status == 0 else {
            let error = purpose.error(libnl: status)
            nl_socket_free(handle)
            throw error
        }
        Self.prepare(handle)
        self.handle = handle
    }

    /// Opens a socket in a namespace, from a thread that ends at once; it may then be used from here.
    ///
    /// - Throws: ``NetlinkError`` of opening it, or with the operation `enter` if the namespace cannot be entered.
    package init(in namespace: borrowing NetworkNamespace) throws(NetlinkError) {
        let result: Result<RouteSocket, NetlinkError>
        do throws(SystemError) {
            result = try namespace.run { () throws(NetlinkError) in try RouteSocket() }
        } catch {
            throw NetlinkError(operation: "enter", subject: error.subject, errno: error.errno, kernelText: nil)
        }
        self = try result.get()
    }

    deinit { nl_socket_free(handle) }

    /// How often a listing is asked for again when the kernel says that it changed meanwhile.
    private static let listingAttempts = 8

    /// Sends a request and collects what the kernel answers until it says that this was all.
    ///
    /// Answers to earlier requests, of which somebody did not wait for the end, are dropped.
    ///
    /// - Throws: ``NetlinkError`` with the kernel's errno and text.
    borrowing func exchange(_ message: borrowing Message) throws(NetlinkError) -> [Reply] {
        for _ in 0..<Self.listingAttempts {
            if let replies = try attempt(message) { return replies }
        }
        throw message.purpose.error(EAGAIN)
    }

    /// One request; `nil` if the listing changed under it (NLM_F_DUMP_INTR) and may lack what has always been there.
    private borrowing func attempt(_ message: borrowing Message) throws(NetlinkError) -> [Reply]? {
        let sequence = try send(message)
        var replies: [Reply] = []
        var isInterrupted = false
        while true {
            for reply in try receive(for: message.purpose) where reply.sequence == sequence {
                if CInt(reply.flags) & NLM_F_DUMP_INTR != 0 { isInterrupted = true }
                switch CInt(reply.type) {
                case NLMSG_NOOP: continue
                case NLMSG_ERROR, NLMSG_DONE:
                    guard let number = reply.errorNumber else { throw message.purpose.malformed }
                    guard number == 0 else { throw message.purpose.error(number, kernelText: reply.kernelText) }
                    return isInterrupted ? nil : replies
                default: replies.append(reply)
                }
            }
        }
    }

    private borrowing func send(_ message: borrowing Message) throws(NetlinkError) -> UInt32 {
        // A message sent before is sent as a new one: libnl numbers only what has no number yet.
        if let header = nlmsg_hdr(message.handle) { header.pointee.nlmsg_seq = 0 }
        Glibc.errno = 0
        let status = nl_send_auto(handle, message.handle)
        guard status >= 0, let header = nlmsg_hdr(message.handle) else { throw message.purpose.error(libnl: status) }
        return header.pointee.nlmsg_seq
    }

    /// Waits for one datagram of the kernel's.
    private borrowing func receive(for purpose: Purpose) throws(NetlinkError) -> [Reply] {
        while true {
            var sender = sockaddr_nl()
            var buffer: UnsafeMutablePointer<UInt8>?
            Glibc.errno = 0
            let count = nl_recv(handle, &sender, &buffer, nil)
            defer { free(buffer) }
            guard count > 0, let buffer else { throw purpose.error(libnl: count) }
            // Only the kernel has port 0; others may write to our port too.
            guard sender.nl_pid == 0 else { continue }
            let datagram = Array(UnsafeBufferPointer(start: buffer, count: Int(count)))
            guard let replies = Reply.all(in: datagram) else { throw purpose.malformed }
            return replies
        }
    }

    /// Asks for what makes answers complete and errors clear; a kernel that lacks one of these answers as before.
    private static func prepare(_ handle: OpaquePointer) {
        // One answer with the state of 256 virtual functions has more than 64 KiB.
        nl_socket_set_buffer_size(handle, 1 << 20, 0)
        // Looks at the size of each answer before it makes room for it: nothing is cut off.
        nl_socket_enable_msg_peek(handle)
        let descriptor = nl_socket_get_fd(handle)
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] {
            var yes: CInt = 1
            setsockopt(descriptor, SOL_NETLINK, option, &yes, socklen_t(MemoryLayout<CInt>.size))
        }
    }
}
