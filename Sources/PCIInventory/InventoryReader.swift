import LinuxSystem
package import PCI

/// Looks at the machine: its network controllers and accelerators on the PCI bus, as the kernel shows them now.
///
/// Ids, classes and names come from libpci, the rest from sysfs. A function that vanishes meanwhile, as VFs do when
/// their number changes, costs nothing but itself. A machine without a PCI bus has an empty inventory.
package struct InventoryReader: Sendable {
    private let sysfs: String
    private let names: String?

    /// Names the trees to read.
    ///
    /// - Parameters:
    ///   - sysfs: Where sysfs is mounted.
    ///   - names: The pci.ids file; `nil` for the distribution's. Without one, functions have no names.
    package init(sysfs: String = "/sys", names: String? = nil) {
        self.sysfs = sysfs
        self.names = names
    }

    /// Reads everything anew.
    ///
    /// - Throws: ``InventoryError`` if there is a bus that cannot be listed.
    package func read() throws(InventoryError) -> Inventory {
        let path = "\(sysfs)/bus/pci"
        let devices = "\(path)/devices"
        guard try isDirectory(devices) else { return Inventory() }
        let bus = try PCIBus(path: path, names: names)
        var unreadable: [UnreadableFunction] = []
        let wanted = Self.select(try bus.scan(), unreadable: &unreadable)
        let roles = VirtualFunctionRoles(of: wanted.map(\.address), in: devices)
        var known = KnownNames()
        var functions: [PCIFunction] = []
        for (address, identity) in wanted {
            do throws(SystemError) {
                var function = try SysfsFunction(address: address, devices: devices).read(identity, roles)
                (function.vendorName, function.deviceName) = known.names(of: identity, on: bus)
                functions.append(function)
            } catch {
                unreadable.append(UnreadableFunction(name: address.description, reason: error.description))
            }
        }
        return Inventory(functions: functions, unreadable: unreadable)
    }

    private func isDirectory(_ path: String) throws(InventoryError) -> Bool {
        do throws(SystemError) {
            return try Directory.isDirectory(path)
        } catch {
            throw InventoryError(call: error.call, subject: error.subject, reason: systemErrorText(error.errno))
        }
    }

    /// The functions of the classes we speak of; those of unknown class go to `unreadable`.
    private static func select(
        _ listed: [ListedFunction],
        unreadable: inout [UnreadableFunction]
    ) -> [(address: PCIAddress, identity: PCIIdentity)] {
        var wanted: [(PCIAddress, PCIIdentity)] = []
        for function in listed {
            switch (function.identity, function.address) {
            case (.failure(let failure), _):
                unreadable.append(UnreadableFunction(name: function.name, reason: failure.reason))
            case (.success(let identity), _) where !baseClasses.contains(identity.baseClass): break
            case (.success, nil):
                let reason = "its PCI domain has more than 16 bits, which device selectors cannot name"
                unreadable.append(UnreadableFunction(name: function.name, reason: reason))
            case (.success(let identity), let address?): wanted.append((address, identity))
            }
        }
        return wanted
    }

    /// Network controllers and processing accelerators.
    private static let baseClasses: Set<UInt8> = [0x02, 0x12]
}

/// Names asked for once: thousands of VFs are of one kind.
private struct KnownNames {
    private var vendors: [PCIDeviceID: String?] = [:]
    private var devices: [PCIIdentity: String?] = [:]

    mutating func names(of identity: PCIIdentity, on bus: borrowing PCIBus) -> (vendor: String?, device: String?) {
        if vendors[identity.vendor] == nil {
            vendors[identity.vendor] = .some(bus.name(of: identity.vendor))
        }
        if devices[identity] == nil {
            devices[identity] = .some(bus.name(of: identity.device, by: identity.vendor))
        }
        return (vendors[identity.vendor] ?? nil, devices[identity] ?? nil)
    }
}
