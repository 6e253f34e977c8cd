import Addresses
import AttachmentStore
package import Attachments
import LinuxSystem
import Netlink

extension FunctionHost {
    /// Gives a function back: out of the namespace and to the state before, as far as the kernel shows that it is not
    /// so already.
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
            return perform(plan, of: record, sandbox: sandbox, interfaceName: interfaceName)
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
        guard let kept = try? state.baseline(record.address), kept.holds(inBoot: bootID) else {
            return record.originals
        }
        return kept.state.completed(by: record.originals)
    }

    private func perform(
        _ plan: UndoPlan,
        of record: FunctionRecord,
        sandbox: SandboxNetwork?,
        interfaceName: String
    ) -> [SRIOVError] {
        let device = device(record.address)
        var failures: [SRIOVError] = []
        for step in plan.steps {
            do throws(SRIOVError) {
                switch step {
                case .returnToHost(let target):
                    try returnToHost(device, from: sandbox, interfaceName: interfaceName, as: target)
                case .unbindDriver(let driver): try system(device.unbind(driver))
                case .applySettings(let settings): failures += reset(device, to: settings)
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

    private func returnToHost(
        _ device: FunctionDevice,
        from sandbox: SandboxNetwork?,
        interfaceName: String,
        as target: FunctionInterface
    ) throws(SRIOVError) {
        guard let sandbox, let link = try sandbox.interface(of: device.address, named: interfaceName) else { return }
        let change = LinkChange(
            name: link.name == target.name ? nil : target.name,
            address: link.address?.mac == target.mac ? nil : HardwareAddress(target.mac),
            mtu: link.mtu == target.mtu ? nil : target.mtu
        )
        do throws(SRIOVError) {
            try kernel(sandbox.socket.move(link: link.index, to: namespace, changing: change))
        } catch {
            // Moved, and only a part of the rest was refused: the step that follows tries that again by itself.
            guard try hostLink(of: device) != nil else { throw error }
        }
    }

    private func reset(_ device: FunctionDevice, to settings: FunctionSettings) -> [SRIOVError] {
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
        try kernel(socket.change(link: link.index, change))
        for name in target.alternativeNames where !present.alternativeNames.contains(name) {
            try kernel(socket.addAlternativeName(name, toLink: link.index))
        }
    }

    /// Sets on the PF exactly what is given.
    func apply(_ settings: FunctionSettings, to device: FunctionDevice) throws(SRIOVError) {
        guard let port = try physicalPort(of: device) else { throw .noPhysicalFunction(device.address) }
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

    /// Drivers that start their VFs in the background take up to some seconds.
    private static let probeMilliseconds: UInt64 = 10_000
}

extension UndoStep {
    fileprivate var takesFromPod: Bool {
        switch self {
        case .returnToHost, .unbindDriver: true
        case .applySettings, .bindDriver, .restoreInterface: false
        }
    }
}
