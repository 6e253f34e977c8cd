package import Addresses
import CLibNL
import Glibc

/// An IP address of a link.
package struct InterfaceAddress: Equatable, Sendable {
    /// The link, by index.
    package let interfaceIndex: Int
    /// The address with the length of its network.
    package let prefix: IPPrefix
    /// The other end of a point-to-point link.
    package let peer: IPAddress?
    /// How far it is valid.
    package let scope: RouteScope
    /// Whether it has been set and not learned from a router.
    package let isPermanent: Bool
    /// Whether the kernel still asks the network if it is free (IPv6).
    package let isTentative: Bool
    /// Whether the network answered that it is taken (IPv6).
    package let isDuplicate: Bool
}

/// An open set: how far an address or a route reaches (`RT_SCOPE_`).
package struct RouteScope: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Everywhere.
    package static let universe = Self(rawValue: 0)
    /// On the link.
    package static let link = Self(rawValue: 253)
    /// On the host.
    package static let host = Self(rawValue: 254)
}

extension InterfaceAddress {
    /// Reads RTM_NEWADDR; `nil` if it is not of that shape.
    init?(_ payload: ArraySlice<UInt8>) {
        guard let address = libraryObject(RTM_NEWADDR, payload) else { return nil }
        defer { rtnl_addr_put(address) }
        guard let own = IPAddress(bytes: libraryAddress(rtnl_addr_get_local(address))),
            let prefix = IPPrefix(own, length: Int(rtnl_addr_get_prefixlen(address)))
        else { return nil }
        let has: (CInt) -> Bool = { rtnl_addr_get_flags(address) & UInt32($0) != 0 }
        self.interfaceIndex = Int(rtnl_addr_get_ifindex(address))
        self.prefix = prefix
        self.peer = IPAddress(bytes: libraryAddress(rtnl_addr_get_peer(address)))
        self.scope = RouteScope(rawValue: UInt8(truncatingIfNeeded: rtnl_addr_get_scope(address)))
        self.isPermanent = has(IFA_F_PERMANENT)
        self.isTentative = has(IFA_F_TENTATIVE)
        self.isDuplicate = has(IFA_F_DADFAILED)
    }
}

extension RouteSocket {
    /// The addresses of all links or of one.
    ///
    /// - Parameter interfaceIndex: One link; all if `nil`.
    /// - Returns: IPv4 before IPv6, in the kernel's order.
    /// - Throws: ``NetlinkError``.
    package borrowing func addresses(ofLink interfaceIndex: Int? = nil) throws(NetlinkError) -> [InterfaceAddress] {
        let purpose = Purpose("list", of: interfaceIndex.map { "addresses of link \($0)" } ?? "addresses")
        // The kernel's own filter by link answers ENODEV for one without this family: filtered here.
        // `struct ifaddrmsg`: family, prefix length, flags, scope (1 each), index (4).
        let header = [UInt8](repeating: 0, count: 8)
        let message = try Message(type: RTM_GETADDR, flags: NLM_F_DUMP, header: header, purpose: purpose)
        var addresses: [InterfaceAddress] = []
        for reply in try exchange(message) {
            // A family of neither IPv4 nor IPv6 may be among them.
            guard let family = reply.payload.first, [AF_INET, AF_INET6].contains(CInt(family)) else { continue }
            guard let address = InterfaceAddress(reply.payload) else { throw purpose.malformed }
            if interfaceIndex == nil || address.interfaceIndex == interfaceIndex { addresses.append(address) }
        }
        return addresses
    }

    /// Gives a link an address; its network becomes reachable when the link is up.
    ///
    /// - Parameters:
    ///   - prefix: The address with the length of its network.
    ///   - interfaceIndex: The link.
    ///   - skipsDuplicateCheck: Whether an IPv6 address is usable at once, unasked (IFA_F_NODAD).
    /// - Throws: ``NetlinkError``: EEXIST if the link has it already.
    package borrowing func add(
        _ prefix: IPPrefix,
        toLink interfaceIndex: Int,
        skipsDuplicateCheck: Bool = false
    ) throws(NetlinkError) {
        let purpose = Purpose("add address \(prefix)", of: "link \(interfaceIndex)")
        let flags = skipsDuplicateCheck ? UInt32(IFA_F_NODAD) : 0
        _ = try exchange(addressMessage(adding: true, prefix, link: interfaceIndex, flags: flags, purpose: purpose))
    }

    /// Takes an address from a link; one it does not have is taken already.
    ///
    /// - Throws: ``NetlinkError``, except for EADDRNOTAVAIL.
    package borrowing func remove(_ prefix: IPPrefix, fromLink interfaceIndex: Int) throws(NetlinkError) {
        let purpose = Purpose("remove address \(prefix)", of: "link \(interfaceIndex)")
        do throws(NetlinkError) {
            _ = try exchange(addressMessage(adding: false, prefix, link: interfaceIndex, purpose: purpose))
        } catch {
            guard error.errno == EADDRNOTAVAIL else { throw error }
        }
    }
}

/// An RTM_NEWADDR or RTM_DELADDR.
///
/// An IPv4 network of more than two addresses gets its broadcast address, which the kernel does not work out itself;
/// the incumbents' plugins set it too, so `ip address` shows the same. An address of 127.0.0.0/8 gets the scope
/// ``RouteScope/host``, which libnl chooses as iproute2 does.
func addressMessage(
    adding: Bool,
    _ prefix: IPPrefix,
    link interfaceIndex: Int,
    flags: UInt32 = 0,
    purpose: Purpose
) throws(NetlinkError) -> Message {
    guard let address = rtnl_addr_alloc() else { throw purpose.error(ENOMEM) }
    defer { rtnl_addr_put(address) }
    rtnl_addr_set_ifindex(address, try purpose.interfaceIndex(interfaceIndex))
    rtnl_addr_set_flags(address, flags)
    try purpose.lend(prefix.address, prefixLength: prefix.length) { rtnl_addr_set_local(address, $0) }
    if let broadcast = prefix.broadcast {
        try purpose.lend(broadcast) { rtnl_addr_set_broadcast(address, $0) }
    }
    return try Message(for: purpose) {
        adding ? rtnl_addr_build_add_request(address, NLM_F_EXCL, $0) : rtnl_addr_build_delete_request(address, 0, $0)
    }
}

extension IPPrefix {
    /// The last address of an IPv4 network of more than two.
    fileprivate var broadcast: IPAddress? {
        guard address.family == .v4, length < 31 else { return nil }
        let host = UInt32.max >> UInt32(length)
        return IPAddress(bytes: zip(address.bytes, nativeBytes(host.bigEndian)).map { $0 | $1 })
    }
}
