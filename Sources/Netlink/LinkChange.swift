package import Addresses
import CLibNL
import Glibc

/// What is to be different about a link; what is `nil` is left alone.
package struct LinkChange: Equatable, Sendable {
    /// A new name, at most 15 bytes.
    ///
    /// Kernels before 6.2 rename only what is down.
    package var name: String?
    /// A new address.
    ///
    /// Many drivers take one only while the link is down; igbvf refuses any but the one its PF set
    /// with EADDRNOTAVAIL (lab, Linux 6.12).
    package var address: HardwareAddress?
    /// Bytes.
    package var mtu: Int?
    /// Whether it is to work.
    package var isUp: Bool?
    /// Whether it is to take every frame.
    package var isPromiscuous: Bool?
    /// Whether it is to take every group's frames.
    package var isAllMulticast: Bool?
    /// The bridge, bond or VRF it is to be a part of, by index; 0 for none.
    package var masterIndex: Int?

    /// Changes only what is given.
    package init(
        name: String? = nil,
        address: HardwareAddress? = nil,
        mtu: Int? = nil,
        isUp: Bool? = nil,
        isPromiscuous: Bool? = nil,
        isAllMulticast: Bool? = nil,
        masterIndex: Int? = nil
    ) {
        self.name = name
        self.address = address
        self.mtu = mtu
        self.isUp = isUp
        self.isPromiscuous = isPromiscuous
        self.isAllMulticast = isAllMulticast
        self.masterIndex = masterIndex
    }

    /// The RTM_NEWLINK for it, which changes only what exists; `nil` if nothing is to change.
    ///
    /// libnl's mask names the flags that are set or unset and no other: one of all ones would clear the rest.
    ///
    /// - Parameters:
    ///   - index: The link.
    ///   - namespace: A descriptor of the namespace it is to move to first.
    ///   - purpose: What it is for.
    /// - Returns: The message.
    /// - Throws: ``NetlinkError`` with EINVAL for a number the message has no room for, ERANGE for a name that is too
    ///   long.
    func message(index: Int, namespace: CInt?, purpose: Purpose) throws(NetlinkError) -> Message? {
        guard self != LinkChange() || namespace != nil else { return nil }
        // libnl tells the changes from what they are made to; of that it needs the index alone.
        guard let link = rtnl_link_alloc() else { throw purpose.error(ENOMEM) }
        defer { rtnl_link_put(link) }
        rtnl_link_set_ifindex(link, try purpose.interfaceIndex(index))
        guard let changes = rtnl_link_alloc() else { throw purpose.error(ENOMEM) }
        defer { rtnl_link_put(changes) }
        if let namespace { rtnl_link_set_ns_fd(changes, namespace) }
        try put(into: changes, purpose: purpose)
        return try Message(for: purpose) { rtnl_link_build_change_request(link, changes, 0, $0) }
    }

    private func put(into changes: OpaquePointer, purpose: Purpose) throws(NetlinkError) {
        for (flag, value) in [(IFF_UP, isUp), (IFF_PROMISC, isPromiscuous), (IFF_ALLMULTI, isAllMulticast)] {
            guard let value else { continue }
            let set = value ? rtnl_link_set_flags : rtnl_link_unset_flags
            set(changes, flag.rawValue)
        }
        if let name {
            // libnl would cut it off to 15 bytes (IFNAMSIZ) without a word; ERANGE is what the kernel answers.
            guard name.utf8.count < 16 else { throw purpose.error(ERANGE) }
            guard !name.utf8.contains(0) else { throw purpose.error(EINVAL) }
            rtnl_link_set_name(changes, name)
        }
        if let address {
            let lent = nl_addr_build(AF_UNSPEC, address.bytes, address.bytes.count)
            guard let lent else { throw purpose.error(ENOMEM) }
            rtnl_link_set_addr(changes, lent)
            nl_addr_put(lent)
        }
        if let mtu { rtnl_link_set_mtu(changes, try purpose.number(mtu)) }
        if let masterIndex { rtnl_link_set_master(changes, CInt(bitPattern: try purpose.number(masterIndex))) }
    }
}

extension Purpose {
    /// The index as the kernel's header has it.
    ///
    /// - Throws: ``NetlinkError`` with EINVAL if it is not positive or too great: 0 would mean "any".
    func interfaceIndex(_ index: Int) throws(NetlinkError) -> Int32 {
        guard index > 0, let number = Int32(exactly: index) else { throw error(EINVAL) }
        return number
    }

    /// The number as an attribute of 32 bits has it.
    ///
    /// - Throws: ``NetlinkError`` with EINVAL if it does not fit.
    func number(_ number: Int) throws(NetlinkError) -> UInt32 {
        guard let number = UInt32(exactly: number) else { throw error(EINVAL) }
        return number
    }
}
