package import Addresses
package import Attachments
import LinuxSystem
import Netlink

extension FunctionHost {
    /// Refuses a namespace in which the interface cannot be made: the host's own, or one that has the name already.
    ///
    /// - Throws: ``SRIOVError``.
    package func requireFree(_ interfaceName: String, in sandbox: SandboxNetwork) throws(SRIOVError) {
        guard sandbox.sandbox.identity != NamespaceIdentity(namespace.identity) else {
            throw .hostNamespace(sandbox.sandbox.path)
        }
        guard try kernel(sandbox.socket.link(named: interfaceName)) == nil else {
            throw .nameInUse(name: interfaceName, sandbox: sandbox.sandbox.path)
        }
    }

    /// Carries a plan out; at the first refusal it stops and leaves what is done to ``undo(_:sandbox:interfaceName:)``.
    ///
    /// - Parameters:
    ///   - plan: The steps.
    ///   - record: The function, already in a journal on disk.
    ///   - sandbox: The pod's namespace.
    /// - Returns: The pod's interface, set up; `nil` for a function without one.
    /// - Throws: ``SRIOVError`` of the step that was refused.
    package func perform(
        _ plan: AttachPlan,
        of record: FunctionRecord,
        in sandbox: SandboxNetwork
    ) throws(SRIOVError) -> PodInterface? {
        let device = device(record.address)
        var interfaceName: String?
        for step in plan.steps {
            switch step {
            case .unbindDriver(let driver): try system(device.unbind(driver))
            case .applySettings(let settings): try apply(settings, to: device)
            case .bindDriver(let driver): try rebind(device, driver)
            case .moveToSandbox(let name, let mac, let mtu):
                try move(
                    device,
                    to: sandbox,
                    LinkChange(name: name, address: mac.map { HardwareAddress($0) }, mtu: mtu)
                )
                interfaceName = name
            case .bringUp:
                if let interfaceName { try bringUp(interfaceName, in: sandbox) }
            }
        }
        guard let interfaceName else { return nil }
        return try podInterface(named: interfaceName, in: sandbox)
    }

    private func move(
        _ device: FunctionDevice,
        to sandbox: SandboxNetwork,
        _ change: LinkChange
    ) throws(SRIOVError) {
        guard let link = try hostLink(of: device) else {
            throw .obstacle(device.address, .interfaceElsewhere)
        }
        defer { callWasMade() }
        do throws(NetlinkError) {
            try socket.move(link: link.index, to: sandbox.namespace, changing: change)
        } catch {
            throw .refused(error, device: label(of: device.address))
        }
    }

    private func bringUp(_ name: String, in sandbox: SandboxNetwork) throws(SRIOVError) {
        try system { () throws(SystemError) in
            try sandbox.namespace.run { () throws(SystemError) in Self.announceByKernel(name) }
        }
        let found = try kernel(sandbox.socket.link(named: name))
        guard let link = found else { return }
        try kernel(sandbox.socket.change(link: link.index, LinkChange(isUp: true)))
    }

    /// Has the kernel say who has an address when the interface comes up; as the incumbent does, also without success.
    private static func announceByKernel(_ name: String) {
        for setting in ["ipv4/conf/\(name)/arp_notify", "ipv6/conf/\(name)/ndisc_notify"] {
            // A kernel without IPv6 has no such file, and nothing else depends on it.
            try? Attribute.write("1", to: "/proc/sys/net/\(setting)")
        }
        try? Attribute.write("1", to: "/proc/sys/net/ipv6/conf/\(name)/optimistic_dad")
    }

    /// The interface as the pod sees it now.
    package func podInterface(named name: String, in sandbox: SandboxNetwork) throws(SRIOVError) -> PodInterface? {
        let found = try kernel(sandbox.socket.link(named: name))
        guard let link = found, let mac = link.address?.mac else { return nil }
        return PodInterface(index: link.index, name: name, mac: mac, mtu: link.mtu)
    }
}

/// An interface in a pod.
package struct PodInterface: Equatable, Sendable {
    /// The kernel's number in the pod.
    package var index: Int
    package var name: String
    package var mac: MACAddress
    /// In bytes.
    package var mtu: Int
}
