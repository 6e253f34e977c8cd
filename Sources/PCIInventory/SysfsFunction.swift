import Glibc
import LinuxSystem
import PCI

let noSuchFile = ENOENT

/// One function's directory in sysfs, `/sys/bus/pci/devices/0000:01:00.0`.
///
/// - SeeAlso: Documentation/ABI/testing/sysfs-bus-pci, sysfs-class-net
struct SysfsFunction {
    let address: PCIAddress
    /// The directory that holds the functions'.
    let devices: String

    private var path: String { "\(devices)/\(address)" }

    /// Reads everything beside the names.
    ///
    /// - Throws: ``SystemError``; ENOENT if the function vanished meanwhile.
    func read(_ identity: PCIIdentity, _ roles: VirtualFunctionRoles) throws(SystemError) -> PCIFunction {
        let role = try roles.role(of: address)
        let driver = try File.linkName("\(path)/driver")
        let function = PCIFunction(
            address: address,
            identity: identity,
            driver: driver,
            driverOverride: role == nil ? nil : try driverOverride(),
            numaNode: try number("numa_node").flatMap { $0 < 0 ? nil : $0 },
            iommuGroup: try iommuGroup(),
            uioName: try Directory.entriesIfPresent("\(path)/uio")?.first,
            interfaces: try interfaces(driver: driver),
            sriov: role == nil ? try capability() : nil,
            virtual: role
        )
        // All of the above may be missing on its own; only this tells a bare function from one that is gone.
        guard try Directory.isDirectory(path) else {
            throw SystemError(call: "stat", subject: path, errno: ENOENT)
        }
        return function
    }

    private func number(_ attribute: String) throws(SystemError) -> Int? {
        try Attribute.readIfPresent("\(path)/\(attribute)").flatMap { Int($0) }
    }

    private func driverOverride() throws(SystemError) -> String? {
        let text = try Attribute.readIfPresent("\(path)/driver_override")
        // The kernel prints a null pointer as this.
        return text == "(null)" || text == "" ? nil : text
    }

    private func iommuGroup() throws(SystemError) -> IOMMUGroup? {
        guard let number = try File.linkName("\(path)/iommu_group").flatMap({ Int($0) }) else { return nil }
        // Documentation/ABI/testing/sysfs-kernel-iommu_groups: only some groups have a name.
        let name = try Attribute.readIfPresent("\(path)/iommu_group/name")
        return IOMMUGroup(number: number, isWithoutIOMMU: name == "vfio-noiommu")
    }

    private func capability() throws(SystemError) -> SRIOVCapability? {
        guard let total = try number("sriov_totalvfs") else { return nil }
        return SRIOVCapability(
            totalVFs: total,
            numVFs: try number("sriov_numvfs") ?? 0,
            probesDrivers: try number("sriov_drivers_autoprobe") != 0
        )
    }

    private func interfaces(driver: String?) throws(SystemError) -> [NetworkInterface] {
        var interfaces: [NetworkInterface] = []
        for parent in try interfaceParents(driver: driver) {
            for name in try Directory.entriesIfPresent("\(parent)/net") ?? [] {
                if let interface = try SysfsInterface(path: "\(parent)/net/\(name)", name: name).read() {
                    interfaces.append(interface)
                }
            }
        }
        return interfaces
    }

    /// The device that netdevs hang from: the function itself, except that virtio has a bus of its own in between.
    private func interfaceParents(driver: String?) throws(SystemError) -> [String] {
        guard driver == "virtio-pci" else { return [path] }
        return (try Directory.entriesIfPresent(path) ?? []).filter { $0.hasPrefix("virtio") }.map { "\(path)/\($0)" }
    }
}

/// One netdev's directory in sysfs.
private struct SysfsInterface {
    let path: String
    let name: String

    /// `nil` if it has left the host's network namespace meanwhile.
    func read() throws(SystemError) -> NetworkInterface? {
        guard let address = try Attribute.readIfPresent("\(path)/address"),
            let mtu = try number("mtu"), let type = try number("type")
        else { return nil }
        let flags = try Attribute.readIfPresent("\(path)/flags").flatMap(hexadecimal)
        return NetworkInterface(
            name: name,
            interfaceIndex: try number("ifindex"),
            hardwareAddress: address,
            mtu: mtu,
            linkType: LinkType(rawValue: type),
            isUp: (flags ?? 0) & UInt64(IFF_UP) != 0,
            hasCarrier: try carrier()
        )
    }

    private func number(_ attribute: String) throws(SystemError) -> Int? {
        try Attribute.readIfPresent("\(path)/\(attribute)").flatMap { Int($0) }
    }

    private func carrier() throws(SystemError) -> Bool? {
        do throws(SystemError) {
            return try number("carrier").map { $0 == 1 }
        } catch {
            // The kernel's answer while the interface is down.
            guard error.errno == EINVAL else { throw error }
            return nil
        }
    }
}

/// The value of `0x1003`.
private func hexadecimal(_ text: String) -> UInt64? {
    guard text.hasPrefix("0x"), text.utf8.dropFirst(2).allSatisfy({ Character(UnicodeScalar($0)).isHexDigit })
    else { return nil }
    return UInt64(text.dropFirst(2), radix: 16)
}
