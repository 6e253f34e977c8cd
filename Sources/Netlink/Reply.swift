import CLibNL
import Glibc

/// One message of the kernel's answer.
struct Reply: Equatable {
    let type: UInt16
    let flags: UInt16
    let sequence: UInt32
    /// What follows the netlink header.
    let payload: ArraySlice<UInt8>

    /// Takes a datagram apart; `nil` if a message claims more than is there or less than its header.
    ///
    ///     length (4) | type (2) | flags (2) | sequence (4) | port (4) | payload, padded to 4
    static func all(in datagram: [UInt8]) -> [Reply]? {
        var replies: [Reply] = []
        var rest = datagram[...]
        while !rest.isEmpty {
            guard let length = rest.number(UInt32.self, at: 0).map(Int.init), length >= 16, length <= rest.count,
                let type = rest.number(UInt16.self, at: 4), let flags = rest.number(UInt16.self, at: 6),
                let sequence = rest.number(UInt32.self, at: 8)
            else { return nil }
            let payload = rest.prefix(length).dropFirst(16)
            replies.append(Reply(type: type, flags: flags, sequence: sequence, payload: payload))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return replies
    }

    /// The errno in a NLMSG_ERROR or NLMSG_DONE, 0 for an acknowledgement; `nil` if it is not there.
    var errorNumber: CInt? {
        payload.number(Int32.self, at: 0).map { $0 == .min ? EBADMSG : -$0 }
    }

    /// The kernel's explanation, if it gave one (`NETLINK_EXT_ACK`).
    ///
    ///     errno (4) | header of the request (16), its payload unless NLM_F_CAPPED | attributes if NLM_F_ACK_TLVS
    ///
    /// NLMSG_DONE has no request in it.
    var kernelText: String? {
        guard CInt(flags) & NLM_F_ACK_TLVS != 0 else { return nil }
        var attributes = payload.dropFirst(4)
        if CInt(type) == NLMSG_ERROR {
            guard let length = attributes.number(UInt32.self, at: 0).map(Int.init) else { return nil }
            let request = CInt(flags) & NLM_F_CAPPED != 0 ? 16 : (length + 3) & ~3
            attributes = attributes.dropFirst(request)
        }
        return AttributeList(attributes)?[NLMSGERR_ATTR_MSG.rawValue]?.text
    }
}
