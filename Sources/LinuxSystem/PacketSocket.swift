import CShims

/// Whole frames onto an interface, header included (`AF_PACKET`, `SOCK_RAW`).
///
/// It belongs to the network namespace of the thread that opened it, receives nothing, and needs CAP_NET_RAW there.
package struct PacketSocket: ~Copyable {
    private let descriptor: Descriptor

    /// Opens it in the calling thread's namespace.
    ///
    /// - Throws: ``SystemError`` of `socket`.
    package init() throws(SystemError) {
        self.descriptor = Descriptor(owning: try systemCall("socket", "AF_PACKET") { patchbay_packet_socket() })
    }

    /// Sends one frame.
    ///
    /// - Parameters:
    ///   - frame: From the destination's address on, without the check sequence.
    ///   - interfaceIndex: The kernel's number in this namespace.
    /// - Throws: ``SystemError`` of `sendto`; ENETDOWN if the interface is down, ENXIO if it is gone.
    package borrowing func send(_ frame: [UInt8], interfaceIndex: Int) throws(SystemError) {
        try descriptor.call("sendto", "interface \(interfaceIndex)") { number in
            frame.withUnsafeBytes {
                patchbay_send_frame(number, CInt(clamping: interfaceIndex), $0.baseAddress, $0.count)
            }
        }
    }
}
