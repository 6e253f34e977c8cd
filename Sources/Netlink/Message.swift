import CLibNL
import Glibc

/// A netlink request being put together, freed when it goes out of scope.
///
/// Requests that change links, addresses and routes are libnl-route's. Put together attribute by attribute is what it
/// lacks or gets wrong (libnl 3.7.0, measured): settings of virtual functions, of which it swaps the bytes of the
/// 802.1ad protocol and cuts long lists off without a word; alternative names, which it does not know; and questions,
/// because its own for a link always asks for all virtual functions, and its listings know no filter. All numbers
/// are in the machine's byte order unless their attribute says otherwise.
struct Message: ~Copyable {
    let handle: OpaquePointer
    let purpose: Purpose

    /// Starts a request.
    ///
    /// - Parameters:
    ///   - type: `RTM_` number.
    ///   - flags: `NLM_F_` flags beside REQUEST and ACK, which sending adds.
    ///   - header: The family's fixed header.
    ///   - purpose: What it is for.
    /// - Throws: ``NetlinkError`` with ENOMEM.
    init(type: Int, flags: CInt = 0, header: [UInt8], purpose: Purpose) throws(NetlinkError) {
        guard let handle = nlmsg_alloc_simple(CInt(type), flags) else { throw purpose.error(ENOMEM) }
        var header = header
        // libnl copies it: the pointer is not kept.
        guard nlmsg_append(handle, &header, header.count, CInt(NLMSG_ALIGNTO)) == 0 else {
            nlmsg_free(handle)
            throw purpose.error(EMSGSIZE)
        }
        self.handle = handle
        self.purpose = purpose
    }

    /// Takes what libnl builds.
    ///
    /// - Parameters:
    ///   - purpose: What it is for.
    ///   - build: Makes the message, with libnl's status.
    /// - Throws: ``NetlinkError`` with ENOMEM, or EMSGSIZE if the message has no room.
    init(
        for purpose: Purpose,
        building build: (UnsafeMutablePointer<OpaquePointer?>) -> CInt
    ) throws(NetlinkError) {
        var handle: OpaquePointer?
        let status = build(&handle)
        guard let handle else { throw purpose.error(status == -NLE_NOMEM ? ENOMEM : EMSGSIZE) }
        self.handle = handle
        self.purpose = purpose
    }

    deinit { nlmsg_free(handle) }

    /// Appends an attribute.
    ///
    /// - Throws: ``NetlinkError`` with EMSGSIZE if the message has no room, which is one page.
    borrowing func put(_ type: Int, _ payload: [UInt8]) throws(NetlinkError) {
        guard nla_put(handle, CInt(type), CInt(payload.count), payload) == 0 else { throw purpose.error(EMSGSIZE) }
    }

    /// Appends a 32-bit number.
    borrowing func put(_ type: Int, _ number: UInt32) throws(NetlinkError) {
        try put(type, nativeBytes(number))
    }

    /// Appends a text with the zero byte that ends it.
    ///
    /// - Throws: ``NetlinkError`` with EINVAL if there is a zero byte in it, where the kernel would cut it off.
    borrowing func put(_ type: Int, _ text: String) throws(NetlinkError) {
        guard !text.utf8.contains(0) else { throw purpose.error(EINVAL) }
        try put(type, Array(text.utf8) + [0])
    }

    /// Appends an attribute that holds those `body` appends.
    borrowing func nest(_ type: Int, _ body: () throws(NetlinkError) -> Void) throws(NetlinkError) {
        guard let start = nla_nest_start(handle, CInt(type)) else { throw purpose.error(EMSGSIZE) }
        try body()
        guard nla_nest_end(handle, start) == 0 else { throw purpose.error(EMSGSIZE) }
    }

    /// The message as it stands, header first; sequence and port are zero until it is sent.
    var bytes: [UInt8] {
        guard let header = nlmsg_hdr(handle) else { return [] }
        return Array(UnsafeRawBufferPointer(start: header, count: Int(header.pointee.nlmsg_len)))
    }
}

/// The bytes of a number in the machine's order.
func nativeBytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number) { Array($0) }
}

/// `struct ifinfomsg`: family, padding, hardware type (2), index (4), flags (4), mask of the flags that count (4).
func interfaceHeader(index: Int32 = 0) -> [UInt8] {
    [UInt8(AF_UNSPEC), 0, 0, 0] + nativeBytes(index) + [UInt8](repeating: 0, count: 8)
}
