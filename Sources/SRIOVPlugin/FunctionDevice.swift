package import Attachments
import Glibc
package import LinuxSystem
package import PCI

/// A PCI function as sysfs shows it.
///
///     /sys/bus/pci/devices/0000:01:10.0/driver  -> ../../../../bus/pci/drivers/igbvf
///                                       physfn  -> ../0000:01:00.0
///                                       net/enp1s16
///     /sys/bus/pci/devices/0000:01:00.0/virtfn0 -> ../0000:01:10.0
///
/// Interfaces show in the namespace that sysfs was mounted in, the host's, and only while they are there.
///
/// - SeeAlso: Documentation/ABI/testing/sysfs-bus-pci
package struct FunctionDevice: Sendable {
    package let address: PCIAddress
    private let sysfs: String

    /// Names a function; nothing is read yet.
    package init(_ address: PCIAddress, sysfs: String = "/sys") {
        self.address = address
        self.sysfs = sysfs
    }

    private var directory: String { "\(sysfs)/bus/pci/devices/\(address)" }

    /// Whether the device is there.
    package func exists() throws(SystemError) -> Bool { try File.exists(directory) }

    /// The driver bound to it; `nil` if there is none.
    package func driver() throws(SystemError) -> FunctionDriver? {
        try File.linkName("\(directory)/driver").map(FunctionDriver.init(rawValue:))
    }

    /// The PF it is a virtual function of; `nil` for a PF, another device, or a VF in a guest.
    package func physicalFunction() throws(SystemError) -> FunctionDevice? {
        try File.linkName("\(directory)/physfn").flatMap(PCIAddress.init).map { FunctionDevice($0, sysfs: sysfs) }
    }

    /// Which of this PF's virtual functions has the address, 0-based; `nil` if none has.
    package func virtualFunctionIndex(of address: PCIAddress) throws(SystemError) -> Int? {
        let wanted = address.description
        for index in 0..<Self.virtualFunctionLimit {
            // They are numbered without a gap, so the first that is missing ends them.
            guard let name = try File.linkName("\(directory)/virtfn\(index)") else { return nil }
            if name == wanted { return index }
        }
        return nil
    }

    /// The kernel's number of its interface on the host; `nil` while it has none there.
    ///
    /// A PF in switchdev mode has the representors of its VFs beside its own port's, which is `p0`, `p1`, …
    package func interfaceIndex() throws(SystemError) -> Int? {
        let names = try Directory.entriesIfPresent("\(directory)/net") ?? []
        for name in names {
            if names.count > 1, try isRepresentor(name) { continue }
            // Gone again between the listing and this: then it is not there.
            if let text = try Attribute.readIfPresent("\(directory)/net/\(name)/ifindex") { return Int(text) }
        }
        return nil
    }

    /// Whether the address in effect was made up by the driver or set by somebody, and not given by the PF.
    ///
    /// `addr_assign_type`: 0 is the device's own, 1 random, 3 set.
    package func choosesOwnAddress() throws(SystemError) -> Bool {
        guard let name = try Directory.entriesIfPresent("\(directory)/net")?.first else { return false }
        let type = try Attribute.readIfPresent("\(directory)/net/\(name)/addr_assign_type")
        return type == "1" || type == "3"
    }

    /// How many virtual functions it has itself, which only a PF can.
    package func virtualFunctionCount() throws(SystemError) -> Int {
        try Attribute.readIfPresent("\(directory)/sriov_numvfs").flatMap { Int($0) } ?? 0
    }

    /// Takes the driver off; no driver is fine.
    package func unbind(_ driver: FunctionDriver) throws(SystemError) {
        guard try self.driver() == driver else { return }
        try Attribute.write(address.description, to: "\(sysfs)/bus/pci/drivers/\(driver)/unbind")
    }

    /// Puts the driver on, unless it is on.
    ///
    /// Where VFs are not to be probed (`sriov_drivers_autoprobe` 0) the kernel answers ENODEV to that; it then wants the
    /// driver named as the only one for the function (lab, Linux 6.12).
    package func bind(_ driver: FunctionDriver) throws(SystemError) {
        guard try self.driver() != driver else { return }
        do throws(SystemError) {
            try Attribute.write(address.description, to: "\(sysfs)/bus/pci/drivers/\(driver)/bind")
        } catch {
            guard error.errno == ENODEV else { throw error }
            try Attribute.write(driver.rawValue, to: "\(directory)/driver_override")
            try Attribute.write(address.description, to: "\(sysfs)/bus/pci/drivers_probe")
            try Attribute.write("\n", to: "\(directory)/driver_override")
        }
    }

    /// Resets the device; one that knows no reset is left.
    ///
    /// Under a network driver the interface of an 82576's VF stays and loses its carrier for good (lab, Linux 6.12), so the
    /// driver is taken off before.
    ///
    /// - Throws: ``SystemError`` of `write`.
    package func reset() throws(SystemError) {
        let attribute = "\(directory)/reset"
        guard try File.exists(attribute) else { return }
        try Attribute.write("1", to: attribute)
    }

    /// A name that no other function's interface has: `pb000001100` for 0000:01:10.0.
    package var interimName: String { "pb" + address.description.replacing(":", with: "").replacing(".", with: "") }

    private func isRepresentor(_ name: String) throws(SystemError) -> Bool {
        let port: String?
        do throws(SystemError) {
            port = try Attribute.readIfPresent("\(directory)/net/\(name)/phys_port_name")
        } catch {
            // EOPNOTSUPP: the driver names no ports, so it has no representors.
            port = nil
        }
        guard let port else { return false }
        return !(port.first == "p" && !port.dropFirst().isEmpty && port.dropFirst().allSatisfy(\.isNumber))
    }

    /// PCI numbers virtual functions with 16 bits.
    private static let virtualFunctionLimit = 65_536
}
