package import Addresses
package import Attachments

/// One step of giving a function to a pod, to be taken in order.
package enum AttachStep: Equatable, Sendable {
    /// Take the driver off, so that what the PF is told holds from the driver's next start.
    case unbindDriver(FunctionDriver)
    /// Set on the PF exactly what is given.
    case applySettings(FunctionSettings)
    /// Put the driver on again and wait for the interface.
    case bindDriver(FunctionDriver)
    /// Move the interface and rename it, in one message; address and MTU change with it if they are given.
    case moveToSandbox(name: String, mac: MACAddress?, mtu: Int?)
    /// Have the kernel tell its neighbours of the interface, then set it up.
    case bringUp
}

/// The steps from a free function to the pod's interface, derived from configuration and record.
package struct AttachPlan: Equatable, Sendable {
    /// In order; never empty for a function with an interface.
    package var steps: [AttachStep]

    /// Plans the attachment.
    ///
    /// - Parameters:
    ///   - configuration: What is asked for.
    ///   - record: The function as it stands.
    ///   - interfaceName: Its name in the pod.
    /// - Throws: ``SRIOVError/noPhysicalFunction(_:)`` if settings are asked for and no PF is visible.
    package init(
        _ configuration: SRIOVConfiguration,
        record: FunctionRecord,
        interfaceName: String
    ) throws(SRIOVError) {
        let present = record.originals.settings
        var change = present.change(to: configuration.wanted(over: present))
        if record.physicalFunction == nil {
            // In a guest the address can still be set on the interface itself.
            change.administrativeMAC = nil
            guard change.isEmpty else { throw .noPhysicalFunction(record.address) }
        }
        let settings: [AttachStep] = change.isEmpty ? [] : [.applySettings(change)]
        guard let interface = record.originals.interface else {
            self.steps = settings
            return
        }
        let driver = record.driver.flatMap { $0.mustReload(after: change) ? $0 : nil }
        let mac = driver == nil ? configuration.settings.administrativeMAC : nil
        let move = AttachStep.moveToSandbox(
            name: interfaceName,
            mac: mac == interface.mac ? nil : mac,
            mtu: configuration.mtu
        )
        if let driver {
            self.steps = [.unbindDriver(driver)] + settings + [.bindDriver(driver), move, .bringUp]
        } else {
            self.steps = settings + [move, .bringUp]
        }
    }
}
