/// What network functions a machine had at one moment, and what was wrong with those that could not be read.
///
/// The seam between those who look (PCIInventory) and those who decide (HardwareConfiguration, ResourcePools, the tables):
/// plain values, so decisions are tested with values.
package struct Inventory: Sendable, Equatable {
    /// Ordered by address.
    package var functions: [PCIFunction]
    /// Functions that were there and could not be read whole, with the reason; they are not in ``functions``.
    package var unreadable: [UnreadableFunction]

    package init(functions: [PCIFunction] = [], unreadable: [UnreadableFunction] = []) {
        self.functions = functions.sorted { $0.address < $1.address }
        self.unreadable = unreadable
    }

    /// The function at `address`, if it is there.
    package subscript(address: PCIAddress) -> PCIFunction? { functions.first { $0.address == address } }

    /// The functions that can make virtual ones.
    package var physicalFunctions: [PCIFunction] { functions.filter { $0.sriov != nil } }

    /// The virtual functions of one PF that are there now, by index.
    package func virtualFunctions(of pf: PCIAddress) -> [PCIFunction] {
        functions.filter { $0.virtual?.physicalFunction == pf }
            .sorted { ($0.virtual?.index ?? 0) < ($1.virtual?.index ?? 0) }
    }
}

/// A function that vanished or answered nonsense while it was read.
package struct UnreadableFunction: Sendable, Equatable {
    /// The name of its directory in sysfs, which may be no address.
    package var name: String
    package var reason: String

    package init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}

/// One PCI function of a network controller or accelerator as the kernel shows it.
package struct PCIFunction: Sendable, Equatable {
    package var address: PCIAddress
    package var identity: PCIIdentity
    /// From pci.ids; `nil` if it is not listed there.
    package var vendorName: String?
    /// From pci.ids; `nil` if it is not listed there.
    package var deviceName: String?
    /// The bound kernel driver; `nil` if there is none.
    package var driver: String?
    /// The only driver that may bind (`driver_override`); read for virtual functions, `nil` if the kernel chooses.
    package var driverOverride: String?
    /// `nil` where the kernel says -1: no NUMA information, which is not node 0.
    package var numaNode: Int?
    /// `nil` without an IOMMU.
    package var iommuGroup: IOMMUGroup?
    /// The first entry of the function's `uio/`, `uio0`, while a uio driver is bound; `/dev/uio0` is its node.
    package var uioName: String?
    /// The host's netdevs of this function; none while its VF is in a pod or bound to a userspace driver.
    package var interfaces: [NetworkInterface]
    /// Set on a function that can make virtual functions.
    package var sriov: SRIOVCapability?
    /// Set on a virtual function.
    package var virtual: VirtualFunctionRole?

    package init(
        address: PCIAddress,
        identity: PCIIdentity,
        vendorName: String? = nil,
        deviceName: String? = nil,
        driver: String? = nil,
        driverOverride: String? = nil,
        numaNode: Int? = nil,
        iommuGroup: IOMMUGroup? = nil,
        uioName: String? = nil,
        interfaces: [NetworkInterface] = [],
        sriov: SRIOVCapability? = nil,
        virtual: VirtualFunctionRole? = nil
    ) {
        self.address = address
        self.identity = identity
        self.vendorName = vendorName
        self.deviceName = deviceName
        self.driver = driver
        self.driverOverride = driverOverride
        self.numaNode = numaNode
        self.iommuGroup = iommuGroup
        self.uioName = uioName
        self.interfaces = interfaces
        self.sriov = sriov
        self.virtual = virtual
    }
}

/// The unit of isolation that vfio hands to a process as `/dev/vfio/<number>`.
package struct IOMMUGroup: Sendable, Equatable {
    package var number: Int
    /// Whether there is no IOMMU behind it (the group's `name` is `vfio-noiommu`); its node is `/dev/vfio/noiommu-<number>`.
    package var isWithoutIOMMU: Bool

    package init(number: Int, isWithoutIOMMU: Bool = false) {
        self.number = number
        self.isWithoutIOMMU = isWithoutIOMMU
    }
}

/// What a physical function says about virtual ones (`sriov_*` in sysfs).
package struct SRIOVCapability: Sendable, Equatable {
    /// `sriov_totalvfs`: how many there can be.
    package var totalVFs: Int
    /// `sriov_numvfs`: how many there are.
    package var numVFs: Int
    /// `sriov_drivers_autoprobe`: whether the kernel binds a driver to a new VF by itself.
    package var probesDrivers: Bool

    package init(totalVFs: Int, numVFs: Int, probesDrivers: Bool = true) {
        self.totalVFs = totalVFs
        self.numVFs = numVFs
        self.probesDrivers = probesDrivers
    }
}

/// Which PF a virtual function belongs to and where it stands there.
package struct VirtualFunctionRole: Sendable, Equatable {
    package var physicalFunction: PCIAddress
    /// 0-based, the N of the PF's `virtfnN` link.
    package var index: Int

    package init(physicalFunction: PCIAddress, index: Int) {
        self.physicalFunction = physicalFunction
        self.index = index
    }
}

/// A netdev of a PCI function in the host's network namespace.
package struct NetworkInterface: Sendable, Equatable {
    package var name: String
    /// The kernel's ifindex; `nil` if sysfs did not tell.
    package var interfaceIndex: Int?
    /// As the kernel prints it, `52:54:00:00:00:01`; twenty bytes for InfiniBand.
    package var hardwareAddress: String
    /// In bytes.
    package var mtu: Int
    package var linkType: LinkType
    /// IFF_UP: somebody set it up.
    package var isUp: Bool
    /// `nil` while it is down: the kernel refuses to say.
    package var hasCarrier: Bool?

    package init(
        name: String,
        interfaceIndex: Int? = nil,
        hardwareAddress: String,
        mtu: Int,
        linkType: LinkType = .ethernet,
        isUp: Bool = false,
        hasCarrier: Bool? = nil
    ) {
        self.name = name
        self.interfaceIndex = interfaceIndex
        self.hardwareAddress = hardwareAddress
        self.mtu = mtu
        self.linkType = linkType
        self.isUp = isUp
        self.hasCarrier = hasCarrier
    }
}

/// The kernel's ARPHRD type of a netdev (`type` in sysfs); an open set.
package struct LinkType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    /// ARPHRD_ETHER.
    package static let ethernet = Self(rawValue: 1)
    /// ARPHRD_INFINIBAND.
    package static let infiniband = Self(rawValue: 32)

    /// The word that selectors use: `ether`, `infiniband`, else the number.
    package var description: String {
        switch self {
        case .ethernet: "ether"
        case .infiniband: "infiniband"
        default: String(rawValue)
        }
    }
}
