package import Addresses
import CLibNL
import Glibc

/// What a PF's driver does for one of its virtual functions, in and out.
package struct VirtualFunctionState: Equatable, Sendable {
    /// From 0, as the PF counts them.
    package let virtualFunctionIndex: Int
    /// The administrative address; where the PF prescribes none, all zero or the function's own.
    ///
    /// igb shows the function's own, and takes all zero to prescribe none again (lab, Linux 6.12).
    package let address: HardwareAddress?
    /// The VLAN the PF puts its frames into; number 0 for none.
    package let vlan: VirtualFunctionVLAN
    /// Whether frames with another source address are dropped (spoof check); `nil` where the driver has no such thing.
    package let checksSource: Bool?
    /// Whether it may do what only the trusted may (promiscuous mode, other addresses); `nil` where the driver has no
    /// such thing.
    package let isTrusted: Bool?
    /// What it is shown of its link.
    package let linkState: VirtualFunctionLinkState
    /// How much it may send.
    package let rates: VirtualFunctionRates
}

/// A VLAN that a PF puts a virtual function's frames into.
package struct VirtualFunctionVLAN: Equatable, Hashable, Sendable {
    /// From 1 to 4094; 0 for none.
    package var number: UInt16
    /// The priority in the tag, 0 to 7.
    package var priority: UInt8
    /// Which tag it is.
    package var tag: Tag

    /// An open set: the EtherType of a VLAN tag.
    package struct Tag: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// 802.1Q, the usual tag.
        package static let customer = Self(rawValue: 0x8100)
        /// 802.1ad, the outer tag of a provider; igb refuses it with EPROTONOSUPPORT (lab, Linux 6.12).
        package static let service = Self(rawValue: 0x88a8)
    }

    /// No VLAN.
    package static let none = VirtualFunctionVLAN(number: 0)

    /// A VLAN of the usual tag without priority, unless told otherwise.
    package init(number: UInt16, priority: UInt8 = 0, tag: Tag = .customer) {
        self.number = number
        self.priority = priority
        self.tag = tag
    }
}

/// An open set: what a virtual function is shown of its link (`IFLA_VF_LINK_STATE_`).
package struct VirtualFunctionLinkState: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    /// The PF's own state.
    package static let automatic = Self(rawValue: 0)
    /// Always up.
    package static let enabled = Self(rawValue: 1)
    /// Always down.
    package static let disabled = Self(rawValue: 2)
}

/// How much a virtual function may send.
///
/// The kernel takes both numbers at once: to change one, read the other first.
package struct VirtualFunctionRates: Equatable, Hashable, Sendable {
    /// Guaranteed, in Mbit/s; 0 for nothing.
    ///
    /// igb refuses any other with EINVAL (lab, Linux 6.12).
    package var minimumMbps: UInt32
    /// Not to be exceeded, in Mbit/s; 0 for no limit.
    package var maximumMbps: UInt32

    /// Joins the two numbers.
    package init(minimumMbps: UInt32 = 0, maximumMbps: UInt32 = 0) {
        self.minimumMbps = minimumMbps
        self.maximumMbps = maximumMbps
    }
}

extension VirtualFunctionState {
    /// Finds all virtual functions in an RTM_NEWLINK of their PF; `nil` if it has not that shape.
    ///
    ///     IFLA_NUM_VF (4) | IFLA_VFINFO_LIST [ IFLA_VF_INFO [ IFLA_VF_MAC | IFLA_VF_VLAN | … ] … ]
    ///
    /// The list's length is 16 bits, which above some 220 to 330 functions (it depends on the kernel's attributes) is
    /// too little: the kernel then writes the rest of the length and all of the list (read in the kernel's source, no
    /// hardware at hand). So the list is read to its last function, counted by IFLA_NUM_VF, and its length is not
    /// believed where it ends too early.
    static func all(in payload: ArraySlice<UInt8>) -> [VirtualFunctionState]? {
        guard payload.count >= 16 else { return nil }
        var rest = payload.dropFirst(16)
        var count = 0
        var addressLength = 6
        while rest.count >= 4 {
            guard let length = rest.number(UInt16.self, at: 0).map(Int.init),
                let type = rest.number(UInt16.self, at: 2).map({ CInt($0 & 0x3fff) })
            else { return nil }
            if type == CInt(IFLA_VFINFO_LIST) {
                return list(rest.dropFirst(4), count: count, addressLength: addressLength)
            }
            guard length >= 4, length <= rest.count else { return nil }
            let value = rest.prefix(length).dropFirst(4)
            if type == CInt(IFLA_NUM_VF) { count = Int(value.number(UInt32.self) ?? 0) }
            if type == CInt(IFLA_ADDRESS) { addressLength = value.count }
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return count == 0 ? [] : nil
    }

    /// Reads up to `count` entries, each an IFLA_VF_INFO with its index.
    private static func list(_ bytes: ArraySlice<UInt8>, count: Int, addressLength: Int) -> [VirtualFunctionState]? {
        var found: [VirtualFunctionState] = []
        var rest = bytes
        while found.count < count, rest.count >= 4 {
            guard let length = rest.number(UInt16.self, at: 0).map(Int.init), length >= 4, length <= rest.count,
                let type = rest.number(UInt16.self, at: 2), CInt(type & 0x3fff) == CInt(IFLA_VF_INFO),
                let entry = VirtualFunctionState(rest.prefix(length).dropFirst(4), addressLength: addressLength)
            else { break }
            found.append(entry)
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return found
    }

    private init?(_ entry: ArraySlice<UInt8>, addressLength: Int) {
        guard let attributes = AttributeList(entry), let mac = attributes[IFLA_VF_MAC],
            let index = mac.number(UInt32.self)
        else { return nil }
        // Each is a struct that begins with the function's index; -1 is a driver's "I have none".
        let setting: (Int) -> UInt32? = { attributes[$0]?.number(UInt32.self, at: 4) }
        let choice: (Int) -> Bool? = { setting($0).flatMap { $0 == .max ? nil : $0 != 0 } }
        let rate = attributes[IFLA_VF_RATE]
        self.virtualFunctionIndex = Int(index)
        self.address = HardwareAddress(bytes: Array(mac.dropFirst(4).prefix(addressLength)))
        self.vlan = Self.vlan(attributes)
        self.checksSource = choice(Int(IFLA_VF_SPOOFCHK))
        self.isTrusted = choice(Int(IFLA_VF_TRUST))
        self.linkState = VirtualFunctionLinkState(rawValue: setting(Int(IFLA_VF_LINK_STATE)) ?? 0)
        self.rates = VirtualFunctionRates(
            minimumMbps: rate?.number(UInt32.self, at: 4) ?? 0,
            maximumMbps: rate?.number(UInt32.self, at: 8) ?? 0
        )
    }

    /// `struct ifla_vf_vlan_info`: index (4), VLAN (4), priority (4), EtherType (2, big-endian); the older
    /// `struct ifla_vf_vlan` is the same without the last.
    private static func vlan(_ attributes: AttributeList) -> VirtualFunctionVLAN {
        let list = attributes[IFLA_VF_VLAN_LIST].flatMap(AttributeList.init)
        guard let value = list?[IFLA_VF_VLAN_INFO] ?? attributes[IFLA_VF_VLAN] else { return .none }
        let tag = value.number(UInt16.self, at: 12).map { UInt16(bigEndian: $0) } ?? 0
        return VirtualFunctionVLAN(
            number: UInt16(truncatingIfNeeded: value.number(UInt32.self, at: 4) ?? 0),
            priority: UInt8(truncatingIfNeeded: value.number(UInt32.self, at: 8) ?? 0),
            tag: tag == 0 ? .customer : .init(rawValue: tag)
        )
    }
}
