import CLibNL
import Glibc
package import LinuxSystem

extension RouteSocket {
    /// The link of a name, which may be one of its alternative names; `nil` if there is none.
    ///
    /// - Throws: ``NetlinkError``, except for ENODEV.
    package borrowing func link(named name: String) throws(NetlinkError) -> Link? {
        // The kernel looks for alternative names under IFLA_IFNAME too, but has room for 15 bytes and a zero there (IFNAMSIZ).
        let type = name.utf8.count < 16 ? Int(IFLA_IFNAME) : Int(IFLA_ALT_IFNAME)
        let purpose = Purpose("state", of: "link \(name)")
        let message = try Message(type: RTM_GETLINK, header: interfaceHeader(), purpose: purpose)
        try message.put(type, name)
        return try link(message)
    }

    /// The link of an index; `nil` if there is none.
    ///
    /// - Throws: ``NetlinkError``, except for ENODEV.
    package borrowing func link(index: Int) throws(NetlinkError) -> Link? {
        let purpose = Purpose("state", of: "link \(index)")
        let header = interfaceHeader(index: try purpose.interfaceIndex(index))
        return try link(Message(type: RTM_GETLINK, header: header, purpose: purpose))
    }

    /// All links of the namespace, by index.
    ///
    /// - Throws: ``NetlinkError``; EAGAIN if they change faster than they can be listed.
    package borrowing func links() throws(NetlinkError) -> [Link] {
        let purpose = Purpose("list", of: "links")
        let message = try Message(type: RTM_GETLINK, flags: NLM_F_DUMP, header: interfaceHeader(), purpose: purpose)
        try message.put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
        var links: [Link] = []
        for reply in try exchange(message) {
            guard let link = Link(reply.payload) else { throw purpose.malformed }
            links.append(link)
        }
        return links.sorted { $0.index < $1.index }
    }

    /// Changes a link; in one request, of which the kernel may have done a part when it refuses the rest.
    ///
    /// - Throws: ``NetlinkError``.
    package borrowing func change(link index: Int, _ change: LinkChange) throws(NetlinkError) {
        let purpose = Purpose("change", of: "link \(index)")
        guard let message = try change.message(index: index, namespace: nil, purpose: purpose) else { return }
        _ = try exchange(message)
    }

    /// Moves a link to another namespace and changes it on the way, in one request.
    ///
    /// The kernel takes the link down, moves it and then makes the changes there. An old name that is in use at the
    /// destination does not matter where there is a new one. Its addresses, routes and masters are lost; its index
    /// there may be another one.
    ///
    /// What is refused may be half done: a change that the driver refuses, or a new name that is in use, leaves the
    /// link at the destination, under its old name if that was free (Linux 6.18). Whoever undoes looks there first;
    /// whoever wants to know beforehand asks a socket of that namespace for the name.
    ///
    /// - Throws: ``NetlinkError``: EEXIST if a name is in use there, ENODEV if there is no such link.
    package borrowing func move(
        link index: Int,
        to namespace: borrowing NetworkNamespace,
        changing change: LinkChange = LinkChange()
    ) throws(NetlinkError) {
        let purpose = Purpose("move", of: "link \(index) to \(namespace.path)")
        let message = try change.message(index: index, namespace: namespace.rawValue, purpose: purpose)
        guard let message else { return }
        _ = try exchange(message)
    }

    /// Adds a name by which a link can be found too.
    ///
    /// - Throws: ``NetlinkError``: EEXIST if any link of the namespace has it.
    package borrowing func addAlternativeName(_ name: String, toLink index: Int) throws(NetlinkError) {
        let purpose = Purpose("add alternative name \(name)", of: "link \(index)")
        let flags = NLM_F_CREATE | NLM_F_EXCL
        _ = try exchange(alternativeName(name, type: RTM_NEWLINKPROP, flags: flags, index: index, purpose: purpose))
    }

    /// Takes an alternative name from a link.
    ///
    /// - Throws: ``NetlinkError``: ENOENT if it does not have it.
    package borrowing func removeAlternativeName(_ name: String, fromLink index: Int) throws(NetlinkError) {
        let purpose = Purpose("remove alternative name \(name)", of: "link \(index)")
        _ = try exchange(alternativeName(name, type: RTM_DELLINKPROP, flags: 0, index: index, purpose: purpose))
    }

    private borrowing func link(_ message: borrowing Message) throws(NetlinkError) -> Link? {
        try message.put(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
        do throws(NetlinkError) {
            guard let reply = try exchange(message).first, let link = Link(reply.payload) else {
                throw message.purpose.malformed
            }
            return link
        } catch {
            guard error.errno == ENODEV else { throw error }
            return nil
        }
    }
}

/// RTM_NEWLINKPROP or RTM_DELLINKPROP with one name, which libnl does not know.
func alternativeName(
    _ name: String,
    type: Int,
    flags: CInt,
    index: Int,
    purpose: Purpose
) throws(NetlinkError) -> Message {
    let header = interfaceHeader(index: try purpose.interfaceIndex(index))
    let message = try Message(type: type, flags: flags, header: header, purpose: purpose)
    try message.nest(IFLA_PROP_LIST) { () throws(NetlinkError) in try message.put(IFLA_ALT_IFNAME, name) }
    return message
}
