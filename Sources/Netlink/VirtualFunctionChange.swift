package import Addresses
import CLibNL
import Glibc

/// What a PF's driver is to do differently for one of its virtual functions; what is `nil` is left alone.
package struct VirtualFunctionChange: Equatable, Sendable {
    /// The administrative address; ``MACAddress/zero`` to prescribe none, which some drivers refuse and igb takes.
    package var address: MACAddress?
    package var vlan: VirtualFunctionVLAN?
    /// Whether frames with another source address are to be dropped (spoof check).
    package var checksSource: Bool?
    package var isTrusted: Bool?
    package var linkState: VirtualFunctionLinkState?
    package var rates: VirtualFunctionRates?

    /// Changes only what is given.
    package init(
        address: MACAddress? = nil,
        vlan: VirtualFunctionVLAN? = nil,
        checksSource: Bool? = nil,
        isTrusted: Bool? = nil,
        linkState: VirtualFunctionLinkState? = nil,
        rates: VirtualFunctionRates? = nil
    ) {
        self.address = address
        self.vlan = vlan
        self.checksSource = checksSource
        self.isTrusted = isTrusted
        self.linkState = linkState
        self.rates = rates
    }

    /// One setting as the kernel takes it: an attribute in an IFLA_VF_INFO.
    struct Setting: Equatable {
        /// What an error calls it.
        let name: String
        /// The attribute's number.
        let type: Int
        /// The struct: the function's index and the value.
        let payload: [UInt8]
        /// A nest around it, for the one that stands in a list.
        var list: Int?
    }

    /// The settings that are given, in the order in which the kernel would take them from one message.
    func settings(virtualFunction index: UInt32) -> [Setting] {
        let pair: (UInt32) -> [UInt8] = { nativeBytes(index) + nativeBytes($0) }
        var settings: [Setting] = []
        if let address {
            let room = [UInt8](repeating: 0, count: HardwareAddress.longest - address.bytes.count)
            settings.append(Setting(name: "MAC", type: IFLA_VF_MAC, payload: nativeBytes(index) + address.bytes + room))
        }
        if let vlan {
            // The struct has two bytes of padding behind the EtherType, which alone is big-endian: libnl is wrong there.
            let payload =
                pair(UInt32(vlan.number)) + nativeBytes(UInt32(vlan.priority))
                + nativeBytes(vlan.tag.rawValue.bigEndian) + [0, 0]
            settings.append(
                Setting(name: "VLAN", type: IFLA_VF_VLAN_INFO, payload: payload, list: IFLA_VF_VLAN_LIST)
            )
        }
        if let rates {
            let payload = pair(rates.minimumMbps) + nativeBytes(rates.maximumMbps)
            settings.append(Setting(name: "rates", type: IFLA_VF_RATE, payload: payload))
        }
        if let checksSource {
            settings.append(Setting(name: "spoof check", type: IFLA_VF_SPOOFCHK, payload: pair(checksSource ? 1 : 0)))
        }
        if let linkState {
            settings.append(Setting(name: "link state", type: IFLA_VF_LINK_STATE, payload: pair(linkState.rawValue)))
        }
        if let isTrusted {
            settings.append(Setting(name: "trust", type: IFLA_VF_TRUST, payload: pair(isTrusted ? 1 : 0)))
        }
        return settings
    }
}

extension VirtualFunctionChange.Setting {
    /// The RTM_SETLINK to a PF for this one setting of one function.
    func message(link: Int, purpose: Purpose) throws(NetlinkError) -> Message {
        let header = interfaceHeader(index: try purpose.interfaceIndex(link))
        let message = try Message(type: RTM_SETLINK, header: header, purpose: purpose)
        try message.nest(IFLA_VFINFO_LIST) { () throws(NetlinkError) in
            try message.nest(IFLA_VF_INFO) { () throws(NetlinkError) in
                guard let list else { return try message.put(type, payload) }
                try message.nest(list) { () throws(NetlinkError) in try message.put(type, payload) }
            }
        }
        return message
    }
}

extension RouteSocket {
    /// What a PF's driver does for one of its virtual functions; `nil` if it tells of none of that index.
    ///
    /// - Parameters:
    ///   - virtualFunctionIndex: From 0.
    ///   - link: The PF, by index in the namespace of this socket.
    /// - Returns: Its state.
    /// - Throws: ``NetlinkError``: ENODEV if there is no such link.
    package borrowing func virtualFunction(
        _ virtualFunctionIndex: Int,
        ofLink link: Int
    ) throws(NetlinkError) -> VirtualFunctionState? {
        try virtualFunctions(ofLink: link).first { $0.virtualFunctionIndex == virtualFunctionIndex }
    }

    /// What a PF's driver does for each of its virtual functions, by index; none for what is no PF.
    ///
    /// A function of which the driver tells nothing is left out.
    ///
    /// - Throws: ``NetlinkError``: ENODEV if there is no such link.
    package borrowing func virtualFunctions(ofLink link: Int) throws(NetlinkError) -> [VirtualFunctionState] {
        let purpose = Purpose("state", of: "virtual functions of link \(link)")
        let header = interfaceHeader(index: try purpose.interfaceIndex(link))
        let message = try Message(type: RTM_GETLINK, header: header, purpose: purpose)
        // Without counters an answer is a third smaller (their share of the filter: Linux 6.4).
        try message.put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS))
        guard let reply = try exchange(message).first, let found = VirtualFunctionState.all(in: reply.payload) else {
            throw purpose.malformed
        }
        return found
    }

    /// Changes what a PF's driver does for one of its virtual functions.
    ///
    /// Each setting is a request of its own, so that an error says which was refused. Those before it stand: MAC,
    /// VLAN, rates, spoof check, link state, trust, in this order.
    ///
    /// - Parameters:
    ///   - virtualFunctionIndex: From 0.
    ///   - link: The PF, by index in the namespace of this socket.
    ///   - change: What is to be different.
    /// - Throws: ``NetlinkError`` with the driver's own errno: what it has no notion of is EOPNOTSUPP, EINVAL or
    ///   EPROTONOSUPPORT, as it likes.
    package borrowing func change(
        virtualFunction virtualFunctionIndex: Int,
        ofLink link: Int,
        _ change: VirtualFunctionChange
    ) throws(NetlinkError) {
        let subject = "virtual function \(virtualFunctionIndex) of link \(link)"
        let index = try Purpose("set", of: subject).number(virtualFunctionIndex)
        for setting in change.settings(virtualFunction: index) {
            _ = try exchange(setting.message(link: link, purpose: Purpose("set \(setting.name)", of: subject)))
        }
    }
}
