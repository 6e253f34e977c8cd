import Addresses
import CLibNL
import Glibc

/// What libnl reads from an answer; `nil` if it is not of the shape.
///
/// Its kinds of link (bond, vlan, …) register themselves before `main`. In the static program only those are there
/// that something refers to; of the others libnl reads all but what is the kind's own, which nobody here asks for.
///
/// - Parameters:
///   - type: The message's `RTM_` number.
///   - payload: What follows the netlink header.
/// - Returns: A `rtnl_link` or `rtnl_addr`, which the caller puts back.
func libraryObject(_ type: Int, _ payload: ArraySlice<UInt8>) -> OpaquePointer? {
    // libnl reads some numbers without a look at their length: there is room, and zero, for one behind the end.
    guard let message = nlmsg_alloc_size(MemoryLayout<nlmsghdr>.size + payload.count + 8) else { return nil }
    defer { nlmsg_free(message) }
    var bytes = Array(payload)
    guard nlmsg_put(message, 0, 0, CInt(type), 0, 0) != nil, nlmsg_append(message, &bytes, bytes.count, 0) == 0 else {
        return nil
    }
    nlmsg_set_proto(message, NETLINK_ROUTE)
    var object: OpaquePointer?
    let status = nl_msg_parse(
        message,
        { found, place in
            nl_object_get(found)
            place?.assumingMemoryBound(to: OpaquePointer?.self).pointee = found
        },
        &object
    )
    guard status >= 0 else {
        nl_object_put(object)
        return nil
    }
    return object
}

/// The bytes of an address that an object of libnl's has; none for `nil`.
func libraryAddress(_ address: OpaquePointer?) -> [UInt8] {
    guard let address, let bytes = nl_addr_get_binary_addr(address) else { return [] }
    return Array(UnsafeRawBufferPointer(start: bytes, count: Int(nl_addr_get_len(address))))
}

extension Purpose {
    /// Lends libnl an address; its setters take a reference of their own.
    ///
    /// - Parameters:
    ///   - address: The address.
    ///   - prefixLength: How many of its bits name the network; all if `nil`.
    ///   - setter: What keeps it, with libnl's status.
    /// - Throws: ``NetlinkError`` with EINVAL if it is not of the object's family.
    func lend(
        _ address: IPAddress,
        prefixLength: Int? = nil,
        to setter: (OpaquePointer) -> CInt
    ) throws(NetlinkError) {
        let family = address.family
        guard let lent = nl_addr_build(family.number, address.bytes, family.bits / 8) else { throw error(ENOMEM) }
        defer { nl_addr_put(lent) }
        nl_addr_set_prefixlen(lent, CInt(prefixLength ?? family.bits))
        guard setter(lent) >= 0 else { throw error(EINVAL) }
    }
}

extension IPAddress.Family {
    /// AF_INET or AF_INET6.
    var number: CInt { self == .v4 ? AF_INET : AF_INET6 }
}
