import Addresses
import CNI
import Delegates
import JSON
import LinuxSystem
import Netlink

extension FunctionHost {
    /// Refuses an address plugin that is nowhere to be found, before anything is changed.
    ///
    /// - Throws: ``SRIOVError/addresses(_:)``.
    package func requirePlugin(_ type: String, in directories: [String]) throws(SRIOVError) {
        do throws(DelegateFailure) {
            _ = try DelegateRunner(deadline: deadline).program(type, in: directories)
        } catch {
            throw .addresses(error)
        }
    }

    /// Asks the address plugin for addresses and gives them to the pod's interface.
    ///
    /// - Parameters:
    ///   - type: The address plugin.
    ///   - interface: The pod's interface; `nil` for a function without one, whose addresses are only reported.
    ///   - sandbox: The pod's namespace.
    ///   - invocation: The ADD.
    ///   - request: The complete configuration, which the plugin gets on standard input.
    /// - Returns: What it answered, each address laid to the first interface.
    /// - Throws: ``SRIOVError``; the addresses are then still reserved.
    func addAddresses(
        from type: String,
        to interface: PodInterface?,
        in sandbox: SandboxNetwork,
        _ invocation: CNIInvocation,
        request: JSONValue
    ) throws(SRIOVError) -> CNIResult {
        let answer: CNIResult?
        do throws(DelegateFailure) {
            defer { callWasMade() }
            answer = try DelegateRunner(deadline: deadline).run(type: type, invocation, request: request)
        } catch {
            throw .addresses(error)
        }
        guard var result = answer, !result.ips.isEmpty else { throw .noAddress(plugin: type) }
        for index in result.ips.indices { result.ips[index].interface = 0 }
        if let interface { try configure(interface, in: sandbox, result) }
        return result
    }

    /// Hands a call about what was made before on to the configuration's address plugin, if it names one.
    func askAddressPlugin(_ request: JSONValue, _ invocation: CNIInvocation) throws(SRIOVError) {
        guard let type = request["ipam"]?["type"]?.string, !type.isEmpty else { return }
        defer { callWasMade() }
        do throws(DelegateFailure) {
            _ = try DelegateRunner(deadline: deadline).run(type: type, invocation, request: request)
        } catch {
            throw .addresses(error)
        }
    }

    private func configure(
        _ interface: PodInterface,
        in sandbox: SandboxNetwork,
        _ result: CNIResult
    ) throws(SRIOVError) {
        if result.ips.contains(where: { $0.address.address.family == .v6 }) {
            let setting = "/proc/sys/net/ipv6/conf/\(interface.name)/disable_ipv6"
            try system { () throws(SystemError) in
                try sandbox.namespace.run { () throws(SystemError) in
                    guard try Attribute.readIfPresent(setting) == "1" else { return }
                    try Attribute.write("0", to: setting)
                }
            }
        }
        for address in result.ips {
            try kernel(sandbox.socket.add(address.address, toLink: interface.index))
        }
        for route in result.routes {
            try kernel(sandbox.socket.add(Route(route, over: interface, gateways: result.ips)))
        }
        announce(result.ips.map(\.address.address), of: interface, in: sandbox)
    }

    /// Tells the neighbours who remember a former holder of an address that it is at this interface now, once each.
    ///
    /// The kernel announces only what an interface has when it comes up, and then the address plugin was not asked yet.
    /// An ADD does not fail for it: neighbours also find out by themselves, later.
    private func announce(_ addresses: [IPAddress], of interface: PodInterface, in sandbox: SandboxNetwork) {
        do {
            try awaitCarrier(of: interface, in: sandbox)
            try sandbox.namespace.run { () throws(SystemError) in
                let socket = try PacketSocket()
                for address in addresses {
                    let frame = NeighbourAnnouncement(address, at: interface.mac).frame
                    try socket.send(frame, interfaceIndex: interface.index)
                }
            }
        } catch {
            // Said above.
        }
    }

    /// What is sent before the driver has seen its link is dropped.
    private func awaitCarrier(of interface: PodInterface, in sandbox: SandboxNetwork) throws(NetlinkError) {
        let limit = min(deadline, .after(milliseconds: Self.carrierMilliseconds))
        while try sandbox.socket.link(index: interface.index)?.hasCarrier == false, !limit.isPast {
            pause(milliseconds: 2, until: limit)
        }
    }

    /// As long as the incumbent waits.
    private static let carrierMilliseconds: UInt64 = 200
}

extension Route {
    /// The route of a result, over the pod's interface.
    ///
    /// One that names no gateway goes over the first of its family, as the reference plugins have it.
    init(_ route: CNIResult.Route, over interface: PodInterface, gateways: [CNIResult.Address]) {
        let family = route.destination.address.family
        let gateway = route.gateway ?? gateways.first { $0.address.address.family == family }?.gateway
        let isLocal = route.scope.map { $0 > 0 } ?? false
        self.init(to: route.destination, via: isLocal ? route.gateway : gateway, interfaceIndex: interface.index)
        if let table = route.table { self.table = RouteTable(rawValue: UInt32(clamping: table)) }
        if let scope = route.scope { self.scope = RouteScope(rawValue: UInt8(clamping: scope)) }
        self.priority = UInt32(clamping: route.priority)
        self.mtu = route.mtu == 0 ? nil : UInt32(clamping: route.mtu)
        self.advertisedMSS = route.advmss == 0 ? nil : UInt32(clamping: route.advmss)
    }
}
