import Addresses
import AttachmentStore
package import Attachments
import LinuxSystem
import Netlink

extension FunctionHost {
    /// Gives a function back: out of the namespace, reset, and to the state before as far as the kernel shows that it is
    /// not so already.
    ///
    /// - Parameters:
    ///   - record: How it stood before the attachment.
    ///   - sandbox: The attachment's namespace; `nil` if it is gone.
    ///   - interfaceName: Its name there.
    /// - Returns: What failed; empty if it is back.
    package func undo(_ record: FunctionRecord, sandbox: SandboxNetwork?, interfaceName: String) -> [SRIOVError] {
        do throws(SRIOVError) {
            let observed = try observe(record, sandbox: sandbox, interfaceName: interfaceName)
            let plan = try plan(record, from: observed)
            return perform(plan, of: record)
        } catch {
            return [error]
        }
    }

    private func plan(
        _ record: FunctionRecord,
        from observed: FunctionObservation
    ) throws(SRIOVError) -> UndoPlan {
        do throws(UndoObstacle) {
            return try UndoPlan(to: freeState(of: record), driver: record.driver, from: observed)
        } catch {
            throw .obstacle(record.address, error)
        }
    }

    /// How the function is to stand when nobody has it: the baseline, and what that does not say as it was before.
    func freeState(of record: FunctionRecord) -> FunctionState {
        // A baseline that cannot be read gives way to the record's originals.
        guard let kept = try? state.baseline(record.address), kept.holds(inBoot: life(of: record.address)) else {
            return record.originals
        }
        return kept.state.completed(by: record.originals)
    }

    private func perform(_ plan: UndoPlan, of record: FunctionRecord) -> [SRIOVError] {
        let device = device(record.address)
        var failures: [SRIOVError] = []
        for step in plan.steps {
            do throws(SRIOVError) {
                switch step {
                case .unbindDriver(let driver): try system(device.unbind(driver))
                case .resetDevice(let isOnlyReset): try reset(device, isOnlyReset: isOnlyReset)
                case .applySettings(let settings): failures += applySingly(settings, to: device)
                case .bindDriver(let driver): try rebind(device, driver)
                case .restoreInterface(let target): try restore(device, to: target)
                }
            } catch {
                failures.append(error)
                // While the pod may still send, nothing that holds it back is loosened.
                if step.takesFromPod { return failures }
            }
        }
        return failures
    }

    private func reset(_ device: FunctionDevice, isOnlyReset: Bool) throws(SRIOVError) {
        do throws(SRIOVError) {
            try system(device.reset())
        } catch {
            // A driver that starts anew sets its function up from nothing as well.
            guard !isOnlyReset else { throw error }
        }
    }

    private func applySingly(_ settings: FunctionSettings, to device: FunctionDevice) -> [SRIOVError] {
        var failures: [SRIOVError] = []
        for single in settings.single {
            do throws(SRIOVError) { try apply(single, to: device) } catch { failures.append(error) }
        }
        return failures
    }

    private func restore(_ device: FunctionDevice, to target: FunctionInterface) throws(SRIOVError) {
        guard let link = try hostLink(of: device) else { return }
        guard let present = FunctionInterface(link), !present.stands(as: target) else { return }
        // A name or an address is changed only while it is down, as older kernels and most drivers want it.
        if link.isUp { try kernel(socket.change(link: link.index, LinkChange(isUp: false))) }
        let change = LinkChange(
            name: present.name == target.name ? nil : target.name,
            address: present.mac == target.mac ? nil : HardwareAddress(target.mac),
            mtu: present.mtu == target.mtu ? nil : target.mtu
        )
        if present.alternativeNames.contains(target.name) {
            try kernel(socket.removeAlternativeName(target.name, fromLink: link.index))
        }
        try make(change, of: link, for: device)
        for name in target.alternativeNames where !present.alternativeNames.contains(name) {
            try kernel(socket.addAlternativeName(name, toLink: link.index))
        }
    }

    /// Changes an interface, whose new name may be another's for a moment.
    ///
    /// The kernel names an interface that a driver makes anew by the first free `ethN`, which may be that of another
    /// function still on its way home. Each that finds its name taken steps aside, so that two never wait for one another.
    private func make(_ change: LinkChange, of link: Link, for device: FunctionDevice) throws(SRIOVError) {
        let limit = min(deadline, .after(milliseconds: Self.nameMilliseconds))
        var wait: UInt64 = 1
        while true {
            do throws(SRIOVError) {
                return try kernel(socket.change(link: link.index, change))
            } catch {
                // EEXIST
                guard case .netlink(let refusal) = error, refusal.errno == 17, change.name != nil, !limit.isPast else {
                    throw error
                }
            }
            if wait == 1 { try kernel(socket.change(link: link.index, LinkChange(name: device.interimName))) }
            pause(milliseconds: wait, until: limit)
            wait = min(wait * 2, 20)
        }
    }

    /// Sets on the PF exactly what is given.
    func apply(_ settings: FunctionSettings, to device: FunctionDevice) throws(SRIOVError) {
        guard let port = try physicalPort(of: device) else { throw .noPhysicalFunction(device.address) }
        defer { callWasMade() }
        do throws(NetlinkError) {
            try socket.change(virtualFunction: port.index, ofLink: port.interfaceIndex, settings.change)
        } catch {
            throw .refused(error, device: label(of: device.address))
        }
    }

    /// Puts a driver on and waits for the interface.
    func rebind(_ device: FunctionDevice, _ driver: FunctionDriver) throws(SRIOVError) {
        try system(device.bind(driver))
        let limit = min(deadline, .after(milliseconds: Self.probeMilliseconds))
        guard try awaitLink(of: device, until: limit) != nil else {
            throw .reloadWithoutInterface(device.address, driver, milliseconds: Int(Self.probeMilliseconds))
        }
    }

    /// Between the driver's start and the right name of another function's interface.
    private static let nameMilliseconds: UInt64 = 2_000
    /// Drivers that start their VFs in the background take up to some seconds.
    private static let probeMilliseconds: UInt64 = 10_000
}

extension UndoStep {
    fileprivate var takesFromPod: Bool {
        switch self {
        case .unbindDriver, .resetDevice: true
        case .applySettings, .bindDriver, .restoreInterface: false
        }
    }
}
