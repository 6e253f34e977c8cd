package import Addresses
package import PCI

/// A hardware function as it was before the attachment.
package struct FunctionRecord: Equatable, Sendable {
    package var address: PCIAddress
    /// The PF it belongs to, by address because a name may change; `nil` if it is not visible here (a guest).
    package var physicalFunction: PCIAddress?
    /// 0-based, the N of the PF's `virtfnN`; `nil` without a visible PF.
    package var virtualFunctionIndex: Int?
    /// The kernel driver bound to it; `nil` if there is none.
    package var driver: FunctionDriver?
    /// Read from the kernel before any change.
    package var originals: FunctionState

    package init(
        address: PCIAddress,
        physicalFunction: PCIAddress?,
        virtualFunctionIndex: Int?,
        driver: FunctionDriver?,
        originals: FunctionState
    ) {
        self.address = address
        self.physicalFunction = physicalFunction
        self.virtualFunctionIndex = virtualFunctionIndex
        self.driver = driver
        self.originals = originals
    }
}

/// How a function stands: its interface, and what its PF enforces on it.
package struct FunctionState: Equatable, Sendable {
    /// `nil` for a function that has none, as under a userspace driver.
    package var interface: FunctionInterface?
    package var settings: FunctionSettings

    package init(interface: FunctionInterface? = nil, settings: FunctionSettings = FunctionSettings()) {
        self.interface = interface
        self.settings = settings
    }

    /// This state where it says something, else `other`; alternative names are those of both.
    package func completed(by other: FunctionState) -> FunctionState {
        var interface = interface ?? other.interface
        let more = other.interface?.alternativeNames ?? []
        let known = interface?.alternativeNames ?? []
        interface?.alternativeNames = known + more.filter { !known.contains($0) }
        return FunctionState(interface: interface, settings: settings.completed(by: other.settings))
    }
}

/// The netdev of a function.
package struct FunctionInterface: Equatable, Sendable {
    package var name: String
    package var alternativeNames: [String]
    /// The address in effect.
    package var mac: MACAddress
    /// In bytes.
    package var mtu: Int

    package init(name: String, alternativeNames: [String] = [], mac: MACAddress, mtu: Int) {
        self.name = name
        self.alternativeNames = alternativeNames
        self.mac = mac
        self.mtu = mtu
    }
}

/// What a PF enforces on one of its VFs.
///
/// A `nil` says "the driver does not tell" in a state, and "leave alone" in a change.
package struct FunctionSettings: Equatable, Sendable {
    /// Who decides about the VF's link; raw values as network configurations write them.
    package enum LinkState: String, Sendable, CaseIterable {
        /// It follows the PF's.
        case auto
        case enable
        case disable
    }

    /// The address the VF must use; zero if it chooses its own.
    package var administrativeMAC: MACAddress?
    package var vlan: VLANTag?
    /// Whether frames with a foreign source address are dropped (`spoofchk`).
    package var checksSource: Bool?
    package var isTrusted: Bool?
    package var linkState: LinkState?
    package var rate: RateLimits?

    package init(
        administrativeMAC: MACAddress? = nil,
        vlan: VLANTag? = nil,
        checksSource: Bool? = nil,
        isTrusted: Bool? = nil,
        linkState: LinkState? = nil,
        rate: RateLimits? = nil
    ) {
        self.administrativeMAC = administrativeMAC
        self.vlan = vlan
        self.checksSource = checksSource
        self.isTrusted = isTrusted
        self.linkState = linkState
        self.rate = rate
    }

    /// Whether it says nothing at all.
    package var isEmpty: Bool { self == FunctionSettings() }

    /// These settings where they say something, else `other`'s.
    package func completed(by other: FunctionSettings) -> FunctionSettings {
        FunctionSettings(
            administrativeMAC: administrativeMAC ?? other.administrativeMAC,
            vlan: vlan ?? other.vlan,
            checksSource: checksSource ?? other.checksSource,
            isTrusted: isTrusted ?? other.isTrusted,
            linkState: linkState ?? other.linkState,
            rate: rate ?? other.rate
        )
    }

    /// What must be set so that a function that stands like this stands like `wanted`, where `wanted` says something.
    package func change(to wanted: FunctionSettings) -> FunctionSettings {
        FunctionSettings(
            administrativeMAC: differing(administrativeMAC, wanted.administrativeMAC),
            vlan: differing(vlan, wanted.vlan),
            checksSource: differing(checksSource, wanted.checksSource),
            isTrusted: differing(isTrusted, wanted.isTrusted),
            linkState: differing(linkState, wanted.linkState),
            rate: differing(rate, wanted.rate)
        )
    }

    private func differing<Value: Equatable>(_ present: Value?, _ wanted: Value?) -> Value? {
        present == wanted ? nil : wanted
    }
}

/// The tag a PF puts on a VF's frames; the three go to the kernel in one attribute (`IFLA_VF_VLAN_LIST`).
package struct VLANTag: Equatable, Sendable {
    /// The kind of tag; raw values as network configurations write them.
    package enum TagProtocol: String, Sendable, CaseIterable {
        /// Customer tag, EtherType 0x8100.
        case customer = "802.1q"
        /// Service tag, EtherType 0x88a8.
        case service = "802.1ad"
    }

    /// 1 to 4094; 0 is no tag.
    package var identifier: Int
    /// The priority code point, 0 to 7.
    package var priority: Int
    package var tagProtocol: TagProtocol

    /// No tag.
    package static let none = VLANTag(identifier: 0)

    package init(identifier: Int, priority: Int = 0, tagProtocol: TagProtocol = .customer) {
        self.identifier = identifier
        self.priority = priority
        self.tagProtocol = tagProtocol
    }
}

/// Transmit rates of a VF; both go to the kernel in one attribute (`IFLA_VF_RATE`), so neither can be set alone.
package struct RateLimits: Equatable, Sendable {
    /// In Mbit/s; 0 is no guarantee.
    package var minimumMbps: Int
    /// In Mbit/s; 0 is no limit.
    package var maximumMbps: Int

    package init(minimumMbps: Int = 0, maximumMbps: Int = 0) {
        self.minimumMbps = minimumMbps
        self.maximumMbps = maximumMbps
    }
}
