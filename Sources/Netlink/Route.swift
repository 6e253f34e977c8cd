package import Addresses
import CLibNL
import Glibc

/// A route to a network, over one next hop.
package struct Route: Equatable, Sendable {
    /// What it leads to; `0.0.0.0/0` or `::/0` for everything else.
    package var destination: IPPrefix
    /// The router; `nil` where the destination is on the link.
    package var gateway: IPAddress?
    /// The link, by index; `nil` to let the kernel find it by the gateway.
    package var interfaceIndex: Int?
    /// The source address to prefer.
    package var preferredSource: IPAddress?
    /// Which routing table.
    package var table = RouteTable.main
    /// `nil` when adding: ``RouteScope/universe`` over a gateway and for IPv6, ``RouteScope/link`` otherwise.
    package var scope: RouteScope?
    /// The lower is preferred; 0 for the kernel's choice (0 for IPv4, 1024 for IPv6).
    package var priority: UInt32 = 0
    /// Bytes a packet may have on this route; `nil` for the link's.
    package var mtu: UInt32?
    /// Bytes of payload TCP offers to receive in a segment; `nil` for the MTU's.
    package var advertisedMSS: UInt32?
    /// Whether the gateway is taken to be on the link, whatever the addresses say.
    package var isOnLink = false

    /// A route in the main table.
    package init(to destination: IPPrefix, via gateway: IPAddress? = nil, interfaceIndex: Int? = nil) {
        self.destination = destination
        self.gateway = gateway
        self.interfaceIndex = interfaceIndex
    }
}

/// An open set: the number of a routing table (`RT_TABLE_`).
package struct RouteTable: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    /// Where routes are that nobody put elsewhere.
    package static let main = Self(rawValue: 254)
    /// The kernel's own, with the host's addresses.
    package static let local = Self(rawValue: 255)
}

extension Route {
    /// An RTM_NEWROUTE or RTM_DELROUTE for it, of the protocol that `ip route` uses (`RTPROT_BOOT`): only such a route
    /// is taken away.
    func message(adding: Bool, purpose: Purpose) throws(NetlinkError) -> Message {
        guard let route = rtnl_route_alloc() else { throw purpose.error(ENOMEM) }
        defer { rtnl_route_put(route) }
        let family = destination.address.family
        rtnl_route_set_protocol(route, UInt8(RTPROT_BOOT))
        rtnl_route_set_table(route, table.rawValue)
        // libnl's guess is "on the link" for an IPv6 route and one over a router of the other family.
        rtnl_route_set_scope(route, (scope ?? (gateway == nil && family == .v4 ? .link : .universe)).rawValue)
        if priority != 0 { rtnl_route_set_priority(route, priority) }
        try purpose.lend(destination.network.address, prefixLength: destination.length) {
            rtnl_route_set_dst(route, $0)
        }
        if let preferredSource { try purpose.lend(preferredSource) { rtnl_route_set_pref_src(route, $0) } }
        if let mtu { rtnl_route_set_metric(route, CInt(RTAX_MTU), mtu) }
        if let advertisedMSS { rtnl_route_set_metric(route, CInt(RTAX_ADVMSS), advertisedMSS) }
        try addNextHop(to: route, purpose: purpose)
        return try Message(for: purpose) {
            adding ? rtnl_route_build_add_request(route, NLM_F_EXCL, $0) : rtnl_route_build_del_request(route, 0, $0)
        }
    }

    private func addNextHop(to route: OpaquePointer, purpose: Purpose) throws(NetlinkError) {
        guard let hop = rtnl_route_nh_alloc() else { throw purpose.error(ENOMEM) }
        // From here on the route owns it.
        rtnl_route_add_nexthop(route, hop)
        if isOnLink { rtnl_route_nh_set_flags(hop, UInt32(RTNH_F_ONLINK)) }
        if let interfaceIndex { rtnl_route_nh_set_ifindex(hop, try purpose.interfaceIndex(interfaceIndex)) }
        guard let gateway else { return }
        try purpose.lend(gateway) { address in
            // An IPv4 route may go over an IPv6 router.
            guard gateway.family == destination.address.family else { return rtnl_route_nh_set_via(hop, address) }
            rtnl_route_nh_set_gateway(hop, address)
            return 0
        }
    }

    /// Reads RTM_NEWROUTE, one route for each next hop; `nil` if it has not that shape, none for what is no unicast
    /// route of IPv4 or IPv6.
    ///
    /// By attribute, not through libnl: 3.7.0 refuses every route with an encapsulation other than MPLS (SRv6, BPF,
    /// IP in IP; measured), so that one such route of a host would hide them all; it never ends on a next hop of
    /// length 0 and copies a negative length from a cut-off RTA_VIA (read in its source).
    static func all(in payload: ArraySlice<UInt8>) -> [Route]? {
        guard payload.count >= 12, let family = payload.number(UInt8.self, at: 0),
            let length = payload.number(UInt8.self, at: 1), let table = payload.number(UInt8.self, at: 4),
            let scope = payload.number(UInt8.self, at: 6), let type = payload.number(UInt8.self, at: 7),
            let flags = payload.number(UInt32.self, at: 8), let attributes = AttributeList(payload.dropFirst(12))
        else { return nil }
        guard [AF_INET, AF_INET6].contains(CInt(family)), type == UInt8(RTN_UNICAST) else { return [] }
        let zero = [UInt8](repeating: 0, count: CInt(family) == AF_INET ? 4 : 16)
        let bytes = attributes[RTA_DST.rawValue].map(Array.init) ?? zero
        guard let destination = IPAddress(bytes: bytes).flatMap({ IPPrefix($0, length: Int(length)) }) else {
            return nil
        }
        var route = Route(to: destination)
        route.table = RouteTable(rawValue: attributes[RTA_TABLE.rawValue]?.number(UInt32.self) ?? UInt32(table))
        route.scope = RouteScope(rawValue: scope)
        route.priority = attributes[RTA_PRIORITY.rawValue]?.number(UInt32.self) ?? 0
        route.preferredSource = attributes[RTA_PREFSRC.rawValue].flatMap { IPAddress(bytes: Array($0)) }
        if let metrics = attributes[RTA_METRICS.rawValue].flatMap(AttributeList.init) {
            route.mtu = metrics[RTAX_MTU]?.number(UInt32.self)
            route.advertisedMSS = metrics[RTAX_ADVMSS]?.number(UInt32.self)
        }
        guard let hops = attributes[RTA_MULTIPATH.rawValue] else {
            return [route.over(attributes, index: attributes[RTA_OIF.rawValue]?.number(UInt32.self), flags: flags)]
        }
        return route.over(hops)
    }

    /// The same route over the next hop that `attributes` tell of.
    private func over(_ attributes: AttributeList, index: UInt32?, flags: UInt32) -> Route {
        var route = self
        let via = attributes[RTA_VIA.rawValue]?.dropFirst(2)
        route.gateway = (attributes[RTA_GATEWAY.rawValue] ?? via).flatMap { IPAddress(bytes: Array($0)) }
        route.interfaceIndex = index.map(Int.init)
        route.isOnLink = flags & UInt32(RTNH_F_ONLINK) != 0
        return route
    }

    /// One route for each `struct rtnexthop`: length (2), flags (1), weight (1), index (4), attributes; `nil` if they
    /// have not that shape.
    private func over(_ hops: ArraySlice<UInt8>) -> [Route]? {
        var routes: [Route] = []
        var rest = hops
        while !rest.isEmpty {
            guard let length = rest.number(UInt16.self, at: 0).map(Int.init), length >= 8, length <= rest.count,
                let flags = rest.number(UInt8.self, at: 2), let index = rest.number(UInt32.self, at: 4),
                let attributes = AttributeList(rest.prefix(length).dropFirst(8))
            else { return nil }
            routes.append(over(attributes, index: index, flags: UInt32(flags)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return routes
    }
}

extension RouteSocket {
    /// The unicast routes of a family in a table, one entry for each next hop.
    ///
    /// A table that is not there is empty.
    ///
    /// - Throws: ``NetlinkError``.
    package borrowing func routes(
        _ family: IPAddress.Family,
        table: RouteTable = .main
    ) throws(NetlinkError) -> [Route] {
        let purpose = Purpose("list", of: "\(family == .v4 ? "IPv4" : "IPv6") routes of table \(table.rawValue)")
        let header = [UInt8(family.number)] + [UInt8](repeating: 0, count: 11)
        let message = try Message(type: RTM_GETROUTE, flags: NLM_F_DUMP, header: header, purpose: purpose)
        try message.put(Int(RTA_TABLE.rawValue), table.rawValue)
        var routes: [Route] = []
        do throws(NetlinkError) {
            for reply in try exchange(message) {
                guard let more = Route.all(in: reply.payload) else { throw purpose.malformed }
                routes += more
            }
        } catch {
            guard error.errno == ENOENT else { throw error }
            return []
        }
        // A kernel before 4.20 does not filter.
        return routes.filter { $0.table == table && $0.destination.address.family == family }
    }

    /// The default routes of both families in the main table: over their links this host reaches the world.
    ///
    /// - Throws: ``NetlinkError``.
    package borrowing func defaultRoutes() throws(NetlinkError) -> [Route] {
        (try routes(.v4) + routes(.v6)).filter(\.destination.isDefault)
    }

    /// Adds a route.
    ///
    /// - Throws: ``NetlinkError``: EEXIST if there is one to that destination of that priority; ENETUNREACH if no
    ///   link leads to the gateway.
    package borrowing func add(_ route: Route) throws(NetlinkError) {
        let purpose = Purpose("add", of: "route \(route.destination)")
        _ = try exchange(route.message(adding: true, purpose: purpose))
    }

    /// Takes a route away; one that is not there is taken already.
    ///
    /// - Throws: ``NetlinkError``, except for ESRCH.
    package borrowing func remove(_ route: Route) throws(NetlinkError) {
        let purpose = Purpose("remove", of: "route \(route.destination)")
        do throws(NetlinkError) {
            _ = try exchange(route.message(adding: false, purpose: purpose))
        } catch {
            guard error.errno == ESRCH else { throw error }
        }
    }
}
