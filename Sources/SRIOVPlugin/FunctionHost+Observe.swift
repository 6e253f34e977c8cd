import Addresses
package import Attachments
import LinuxSystem
import Netlink
package import PCI

extension FunctionHost {
    /// The record of a free function, read from the kernel; nothing is changed.
    ///
    /// - Throws: ``SRIOVError`` if the function cannot be given to a pod.
    package func record(of address: PCIAddress) throws(SRIOVError) -> FunctionRecord {
        let device = device(address)
        guard try system(device.exists()) else { throw .noSuchFunction(address) }
        let count = try system(device.virtualFunctionCount())
        guard count == 0 else { throw .hasVirtualFunctions(address, count: count) }
        guard let driver = try system(device.driver()) else { throw .noDriver(address) }
        let link = driver.isUserspace ? nil : try hostLink(of: device)
        if link == nil, !driver.isUserspace { throw .noInterface(address, driver) }
        if let link, link.hardwareType != .ethernet {
            throw .notEthernet(address, hardwareType: Int(link.hardwareType.rawValue))
        }
        let interface = link.flatMap(FunctionInterface.init)
        let port = try physicalPort(of: device)
        var settings = try port.map { port throws(SRIOVError) in try shownSettings(port) } ?? FunctionSettings()
        if let interface, settings.administrativeMAC == interface.mac, try system(device.choosesOwnAddress()) {
            // The PF shows what the VF told it to use; nobody prescribed it.
            settings.administrativeMAC = .zero
        }
        return FunctionRecord(
            address: address,
            physicalFunction: port?.device.address,
            virtualFunctionIndex: port?.index,
            driver: driver,
            originals: FunctionState(interface: interface, settings: settings)
        )
    }

    /// Where a function is now and how it stands.
    ///
    /// - Parameters:
    ///   - record: How it stood before the attachment.
    ///   - sandbox: The attachment's namespace; `nil` if it is gone, in which case the kernel is given time to bring
    ///     the interface back, which it does in the background.
    ///   - interfaceName: Its name there.
    /// - Returns: What the kernel shows.
    /// - Throws: ``SRIOVError`` of reading.
    package func observe(
        _ record: FunctionRecord,
        sandbox: SandboxNetwork?,
        interfaceName: String
    ) throws(SRIOVError) -> FunctionObservation {
        let device = device(record.address)
        guard try system(device.exists()) else { return FunctionObservation(place: .unplugged, driver: nil) }
        let driver = try system(device.driver())
        var settings = try physicalPort(of: device).map { port throws(SRIOVError) in try shownSettings(port) }
        let free = freeState(of: record)
        if free.settings.administrativeMAC == .zero, let own = free.interface?.mac, settings?.administrativeMAC == own {
            settings?.administrativeMAC = .zero
        }
        return FunctionObservation(
            place: try place(of: device, driver: driver, sandbox: sandbox, interfaceName: interfaceName),
            driver: driver,
            settings: settings ?? FunctionSettings()
        )
    }

    private func place(
        of device: FunctionDevice,
        driver: FunctionDriver?,
        sandbox: SandboxNetwork?,
        interfaceName: String
    ) throws(SRIOVError) -> FunctionObservation.Place {
        guard let driver, !driver.isUserspace else { return .noInterface }
        if let link = try sandbox?.interface(of: device.address, named: interfaceName) {
            return FunctionInterface(link).map { .sandbox($0) } ?? .noInterface
        }
        let wait = sandbox == nil ? Deadline.after(milliseconds: Self.returnMilliseconds) : .now
        let link = try awaitLink(of: device, until: wait)
        return link.flatMap(FunctionInterface.init).map { .host($0) } ?? .elsewhere
    }

    /// The function's interface on the host, waited for until `deadline`.
    func awaitLink(of device: FunctionDevice, until deadline: Deadline) throws(SRIOVError) -> Link? {
        var wait: UInt64 = 1
        while true {
            if let link = try hostLink(of: device) { return link }
            guard !deadline.isPast else { return nil }
            pause(milliseconds: wait, until: deadline)
            wait = min(wait * 2, 20)
        }
    }

    /// The function's interface on the host; `nil` if it is not there.
    func hostLink(of device: FunctionDevice) throws(SRIOVError) -> Link? {
        guard let index = try system(device.interfaceIndex()) else { return nil }
        return try kernel(socket.link(index: index))
    }

    /// How the function is called in a sentence; what cannot be read is left out.
    func label(of address: PCIAddress) -> FunctionLabel {
        // For a sentence only: an error is being reported already.
        let pf = try? device(address).physicalFunction()
        let index = try? pf?.virtualFunctionIndex(of: address)
        let link = pf.flatMap { try? hostLink(of: $0) }
        return FunctionLabel(
            address: address,
            virtualFunctionIndex: index ?? nil,
            physicalFunction: pf?.address,
            physicalFunctionName: link?.name,
            physicalFunctionDriver: (try? pf?.driver())??.rawValue
        )
    }

    /// A VF's place on its PF, by which the kernel is asked about it.
    struct PhysicalPort {
        let device: FunctionDevice
        /// The VF's.
        let index: Int
        /// The PF's interface.
        let interfaceIndex: Int
    }

    /// Found by address each time: a PF's name and its interface's number may change.
    func physicalPort(of device: FunctionDevice) throws(SRIOVError) -> PhysicalPort? {
        try system { () throws(SystemError) in
            guard let pf = try device.physicalFunction(), let index = try pf.virtualFunctionIndex(of: device.address),
                let interfaceIndex = try pf.interfaceIndex()
            else { return nil }
            return PhysicalPort(device: pf, index: index, interfaceIndex: interfaceIndex)
        }
    }

    func shownSettings(_ port: PhysicalPort) throws(SRIOVError) -> FunctionSettings {
        let shown = try kernel(socket.virtualFunction(port.index, ofLink: port.interfaceIndex))
        return shown.map(FunctionSettings.init) ?? FunctionSettings()
    }

    /// How long the kernel is given to bring an interface back from a namespace that ended; measured at some tens of
    /// milliseconds, seconds on a machine that is busy.
    private static let returnMilliseconds: UInt64 = 5_000
}
