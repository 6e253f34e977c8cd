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
    /// Reads RTM_NEWADDR: family, prefix length, flags, scope (1 each), index (4), attributes; `nil` if it has not
    /// that shape.
    init?(_ payload: ArraySlice<UInt8>) {
        guard let length = payload.number(UInt8.self, at: 1), let scope = payload.number(UInt8.self, at: 3),
            let index = payload.number(UInt32.self, at: 4), let attributes = AttributeList(payload.dropFirst(8))
        else { return nil }
        let address: (UInt32) -> IPAddress? = { attributes[$0].flatMap { IPAddress(bytes: Array($0)) } }
        // On a point-to-point link IFA_ADDRESS is the other end, and IFA_LOCAL, which IPv6 has only there, is ours.
        let far = address(UInt32(IFA_ADDRESS))
        guard let own = address(UInt32(IFA_LOCAL)) ?? far, let prefix = IPPrefix(own, length: Int(length)) else {
            return nil
        }
        let flags = attributes[IFA_FLAGS]?.number(UInt32.self) ?? UInt32(payload.number(UInt8.self, at: 2) ?? 0)
        self.interfaceIndex = Int(index)
        self.prefix = prefix
        self.peer = far == own ? nil : far
        self.scope = RouteScope(rawValue: scope)
        self.isPermanent = flags & UInt32(IFA_F_PERMANENT) != 0
        self.isTentative = flags & UInt32(IFA_F_TENTATIVE) != 0
        self.isDuplicate = flags & UInt32(IFA_F_DADFAILED) != 0
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
        let header = addressHeader(family: UInt8(AF_UNSPEC), length: 0, index: 0)
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
        _ = try exchange(
            addressMessage(
                prefix,
                type: RTM_NEWADDR,
                flags: NLM_F_CREATE | NLM_F_EXCL,
                index: interfaceIndex,
                skipsDuplicateCheck: skipsDuplicateCheck,
                purpose: purpose
            )
        )
    }

    /// Takes an address from a link; one it does not have is taken already.
    ///
    /// - Throws: ``NetlinkError``, except for EADDRNOTAVAIL.
    package borrowing func remove(_ prefix: IPPrefix, fromLink interfaceIndex: Int) throws(NetlinkError) {
        let purpose = Purpose("remove address \(prefix)", of: "link \(interfaceIndex)")
        let message = try addressMessage(
            prefix,
            type: RTM_DELADDR,
            flags: 0,
            index: interfaceIndex,
            skipsDuplicateCheck: false,
            purpose: purpose
        )
        do throws(NetlinkError) {
            _ = try exchange(message)
        } catch {
            guard error.errno == EADDRNOTAVAIL else { throw error }
        }
    }
}

/// RTM_NEWADDR or RTM_DELADDR.
///
/// An IPv4 network of more than two addresses gets its broadcast address, which the kernel does not work out itself;
/// the incumbents' plugins set it too, so `ip address` shows the same.
func addressMessage(
    _ prefix: IPPrefix,
    type: Int,
    flags: CInt,
    index: Int,
    skipsDuplicateCheck: Bool,
    purpose: Purpose
) throws(NetlinkError) -> Message {
    let header = addressHeader(
        family: prefix.address.family.number,
        length: UInt8(prefix.length),
        index: UInt32(bitPattern: try purpose.interfaceIndex(index))
    )
    let message = try Message(type: type, flags: flags, header: header, purpose: purpose)
    try message.put(IFA_LOCAL, prefix.address.bytes)
    try message.put(IFA_ADDRESS, prefix.address.bytes)
    if type == RTM_NEWADDR, let broadcast = prefix.broadcast { try message.put(IFA_BROADCAST, broadcast) }
    if skipsDuplicateCheck { try message.put(IFA_FLAGS, UInt32(IFA_F_NODAD)) }
    return message
}

/// `struct ifaddrmsg`: family, prefix length, flags, scope (1 each), index (4).
private func addressHeader(family: UInt8, length: UInt8, index: UInt32) -> [UInt8] {
    [family, length, 0, 0] + nativeBytes(index)
}

extension IPAddress.Family {
    /// AF_INET or AF_INET6.
    var number: UInt8 { UInt8(self == .v4 ? AF_INET : AF_INET6) }
}

extension IPPrefix {
    /// The last address of an IPv4 network of more than two.
    fileprivate var broadcast: [UInt8]? {
        guard address.family == .v4, length < 31 else { return nil }
        let host = UInt32.max >> UInt32(length)
        return zip(address.bytes, nativeBytes(host.bigEndian)).map { $0 | $1 }
    }
}
