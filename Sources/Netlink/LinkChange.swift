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

    /// The RTM_SETLINK for it; `nil` if nothing is to change.
    ///
    /// The mask names the flags that are given and no other: one of all ones would clear the rest.
    ///
    /// - Parameters:
    ///   - index: The link.
    ///   - namespace: A descriptor of the namespace it is to move to first.
    ///   - purpose: What it is for.
    /// - Returns: The message.
    /// - Throws: ``NetlinkError`` with EINVAL for a number the message has no room for.
    func message(index: Int, namespace: CInt?, purpose: Purpose) throws(NetlinkError) -> Message? {
        guard self != LinkChange() || namespace != nil else { return nil }
        let flags: [(net_device_flags, Bool?)] = [
            (IFF_UP, isUp), (IFF_PROMISC, isPromiscuous), (IFF_ALLMULTI, isAllMulticast),
        ]
        let mask = flags.reduce(UInt32(0)) { $1.1 == nil ? $0 : $0 | $1.0.rawValue }
        let values = flags.reduce(UInt32(0)) { $1.1 == true ? $0 | $1.0.rawValue : $0 }
        let message = try Message(
            type: RTM_SETLINK,
            header: interfaceHeader(index: purpose.interfaceIndex(index), flags: values, mask: mask),
            purpose: purpose
        )
        if let namespace { try message.put(IFLA_NET_NS_FD, UInt32(bitPattern: namespace)) }
        if let name { try message.put(IFLA_IFNAME, name) }
        if let address { try message.put(IFLA_ADDRESS, address.bytes) }
        if let mtu { try message.put(IFLA_MTU, purpose.number(mtu)) }
        if let masterIndex { try message.put(IFLA_MASTER, purpose.number(masterIndex)) }
        return message
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
