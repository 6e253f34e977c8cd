package import Addresses
import CLibNL
import Glibc

/// A network interface as the kernel shows it, without the state of its virtual functions.
package struct Link: Equatable, Sendable {
    /// The kernel's number for it in its namespace, from 1.
    package let index: Int
    /// Up to 15 bytes, unique in its namespace.
    package let name: String
    /// Further names it can be found by (`IFLA_ALT_IFNAME`), each up to 127 bytes.
    package let alternativeNames: [String]
    /// What its addresses and frames are like.
    package let hardwareType: HardwareType
    /// The address it uses now; `nil` for a kind that has none.
    package let address: HardwareAddress?
    /// The address its device has from the start (`IFLA_PERM_ADDRESS`); `nil` where the driver tells none.
    package let permanentAddress: HardwareAddress?
    /// Bytes.
    package let mtu: Int
    /// Whether it was told to work (IFF_UP).
    package let isUp: Bool
    /// Whether there is a signal; `false` while it is down.
    package let hasCarrier: Bool
    /// What RFC 2863 calls `ifOperStatus`.
    package let operationalState: OperationalState
    /// Whether it is the namespace's own loopback (IFF_LOOPBACK).
    package let isLoopback: Bool
    /// Whether someone asked by flag that it takes all frames (IFF_PROMISC).
    package let isPromiscuous: Bool
    /// Whether someone asked by flag that it takes all groups' frames (IFF_ALLMULTI).
    package let isAllMulticast: Bool
    /// How many users want all frames, the flag's among them.
    package let promiscuousUsers: Int
    /// `veth`, `macvlan`, …; `nil` for a device's own interface.
    package let kind: String?
    /// The bridge, bond or VRF it is a part of, by index.
    package let masterIndex: Int?
    /// The interface it stands on, or its other end, by index in the namespace of `lowerNamespace`.
    package let lowerIndex: Int?
    /// The kernel's id here for the namespace of ``lowerIndex`` (`IFLA_LINK_NETNSID`); `nil` if it is this one.
    package let lowerNamespaceID: Int?
    /// The device under it, for a PCI function its address (`IFLA_PARENT_DEV_NAME`, Linux 5.14).
    package let parentDevice: String?
    /// The bus of ``parentDevice``, `pci`.
    package let parentBus: String?
    /// `p0`, `pf0vf3`: which port of its device it stands for (`IFLA_PHYS_PORT_NAME`).
    package let physicalPortName: String?

    /// An open set: what the kernel calls `ARPHRD_`.
    package struct HardwareType: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// `ARPHRD_ETHER`.
        package static let ethernet = Self(rawValue: 1)
        /// `ARPHRD_INFINIBAND`.
        package static let infiniBand = Self(rawValue: 32)
        /// `ARPHRD_LOOPBACK`.
        package static let loopback = Self(rawValue: 772)
    }

    /// An open set: what the kernel calls `IF_OPER_`.
    package struct OperationalState: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The driver does not say.
        package static let unknown = Self(rawValue: 0)
        package static let down = Self(rawValue: 2)
        /// What it stands on is down.
        package static let lowerLayerDown = Self(rawValue: 3)
        package static let up = Self(rawValue: 6)
    }
}

extension Link {
    /// Reads RTM_NEWLINK: `struct ifinfomsg`, then attributes; `nil` if it is not of that shape.
    ///
    /// What libnl 3.7.0 does not know is read beside it: alternative names, the first address and the parent device.
    init?(_ payload: ArraySlice<UInt8>) {
        guard let attributes = AttributeList(payload.dropFirst(16)), let link = libraryObject(RTM_NEWLINK, payload)
        else { return nil }
        defer { rtnl_link_put(link) }
        guard let name = rtnl_link_get_name(link) else { return nil }
        let has: (net_device_flags) -> Bool = { rtnl_link_get_flags(link) & $0.rawValue != 0 }
        // libnl says 0 for what is not there, which is no link's index.
        let index: (CInt) -> Int? = { $0 == 0 ? nil : Int($0) }
        var namespaceID: Int32 = 0
        self.index = Int(rtnl_link_get_ifindex(link))
        self.name = String(cString: name)
        self.hardwareType = HardwareType(rawValue: UInt16(truncatingIfNeeded: rtnl_link_get_arptype(link)))
        self.isUp = has(IFF_UP)
        self.isLoopback = has(IFF_LOOPBACK)
        self.isPromiscuous = has(IFF_PROMISC)
        self.isAllMulticast = has(IFF_ALLMULTI)
        self.alternativeNames = Self.alternativeNames(attributes)
        self.address = HardwareAddress(bytes: libraryAddress(rtnl_link_get_addr(link)))
        self.permanentAddress = attributes[IFLA_PERM_ADDRESS].flatMap { HardwareAddress(bytes: Array($0)) }
        self.mtu = Int(rtnl_link_get_mtu(link))
        self.hasCarrier = rtnl_link_get_carrier(link) == 1
        self.operationalState = OperationalState(rawValue: rtnl_link_get_operstate(link))
        self.promiscuousUsers = Int(rtnl_link_get_promiscuity(link))
        self.kind = rtnl_link_get_type(link).map { String(cString: $0) }
        self.masterIndex = index(rtnl_link_get_master(link))
        self.lowerIndex = index(rtnl_link_get_link(link))
        self.lowerNamespaceID = rtnl_link_get_link_netnsid(link, &namespaceID) == 0 ? Int(namespaceID) : nil
        self.parentDevice = attributes[IFLA_PARENT_DEV_NAME]?.text
        self.parentBus = attributes[IFLA_PARENT_DEV_BUS_NAME]?.text
        self.physicalPortName = attributes[IFLA_PHYS_PORT_NAME]?.text
    }

    private static func alternativeNames(_ attributes: AttributeList) -> [String] {
        guard let properties = attributes[IFLA_PROP_LIST].flatMap(AttributeList.init) else { return [] }
        return properties.filter { $0.type == UInt32(IFLA_ALT_IFNAME) }.map(\.payload.text)
    }
}
