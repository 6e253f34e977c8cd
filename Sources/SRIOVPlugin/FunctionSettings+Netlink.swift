import Addresses
package import Attachments
package import Netlink

extension FunctionInterface {
    /// What the kernel shows of an interface; `nil` if it has no Ethernet address.
    package init?(_ link: Link) {
        guard let mac = link.address?.mac else { return nil }
        self.init(name: link.name, alternativeNames: link.alternativeNames, mac: mac, mtu: link.mtu)
    }
}

extension FunctionSettings {
    /// What a PF shows of a VF.
    ///
    /// A driver without a notion of link states or rates shows zeros, which are also what a VF returns to.
    package init(_ state: VirtualFunctionState) {
        self.init(
            administrativeMAC: state.address?.mac,
            vlan: VLANTag(state.vlan),
            checksSource: state.checksSource,
            isTrusted: state.isTrusted,
            linkState: LinkState(state.linkState),
            rate: RateLimits(
                minimumMbps: Int(state.rates.minimumMbps),
                maximumMbps: Int(state.rates.maximumMbps)
            )
        )
    }

    /// The change that sets exactly these.
    package var change: VirtualFunctionChange {
        VirtualFunctionChange(
            address: administrativeMAC,
            vlan: vlan?.change,
            checksSource: checksSource,
            isTrusted: isTrusted,
            linkState: linkState?.change,
            rates: rate.map {
                VirtualFunctionRates(
                    minimumMbps: UInt32(clamping: $0.minimumMbps),
                    maximumMbps: UInt32(clamping: $0.maximumMbps)
                )
            }
        )
    }

    /// Each setting by itself, for undoing one though another is refused.
    package var single: [FunctionSettings] {
        [
            FunctionSettings(administrativeMAC: administrativeMAC), FunctionSettings(vlan: vlan),
            FunctionSettings(rate: rate), FunctionSettings(checksSource: checksSource),
            FunctionSettings(linkState: linkState), FunctionSettings(isTrusted: isTrusted),
        ].filter { !$0.isEmpty }
    }
}

extension VLANTag {
    fileprivate init(_ vlan: VirtualFunctionVLAN) {
        self.init(
            identifier: Int(vlan.number),
            priority: Int(vlan.priority),
            tagProtocol: vlan.tag == .service ? .service : .customer
        )
    }

    fileprivate var change: VirtualFunctionVLAN {
        VirtualFunctionVLAN(
            number: UInt16(clamping: identifier),
            priority: UInt8(clamping: priority),
            tag: tagProtocol == .service ? .service : .customer
        )
    }
}

extension FunctionSettings.LinkState {
    fileprivate init?(_ state: VirtualFunctionLinkState) {
        switch state {
        case .automatic: self = .auto
        case .enabled: self = .enable
        case .disabled: self = .disable
        default: return nil
        }
    }

    fileprivate var change: VirtualFunctionLinkState {
        switch self {
        case .auto: .automatic
        case .enable: .enabled
        case .disable: .disabled
        }
    }
}
