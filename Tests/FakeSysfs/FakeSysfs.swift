import Foundation

/// A tree laid out as the kernel lays out sysfs: functions of the PCI bus, their netdevs, drivers and IOMMU groups.
///
/// It lies in a temporary directory and is removed with its owner. Attributes are plain files: writing one changes
/// nothing else; ``FakeKernel`` does what the kernel would.
package final class FakeSysfs: Sendable {
    /// The tree's root, in place of `/sys`.
    package let root: String

    /// An empty machine that has a PCI bus.
    package init() throws {
        root = FileManager.default.temporaryDirectory.path + "/sysfs-" + UUID().uuidString
        try makeDirectory("bus/pci/devices")
        try makeDirectory("bus/pci/drivers")
        try makeDirectory("class/net")
    }

    deinit {
        // What cannot be removed is the temporary directory's business.
        try? FileManager.default.removeItem(atPath: root)
    }

    /// What to lay out for one function; the defaults are a port of the Intel 82576 without anything beside it.
    package struct Function {
        package var vendor: UInt16 = 0x8086
        package var device: UInt16 = 0x10c9
        package var classCode: UInt32 = 0x02_0000
        package var driver: String? = "igb"
        package var numaNode = -1
        package var iommuGroup: Int?
        /// Makes it a physical function.
        package var totalVFs: Int?
        package var probesDrivers = true
        package var interface: Interface?

        /// A function with the defaults changed by `change`.
        package init(_ change: (inout Function) -> Void = { _ in }) { change(&self) }
    }

    /// What to lay out for one netdev.
    package struct Interface {
        package var name: String
        package var address = "52:54:00:00:00:01"
        package var mtu = 1500
        package var type = 1
        package var isUp = false
        /// `nil`: reading `carrier` fails, as it does while the interface is down.
        package var carrier: Bool?
        package var index = 2

        /// A netdev with the defaults changed by `change`.
        package init(_ name: String, _ change: (inout Interface) -> Void = { _ in }) {
            self.name = name
            change(&self)
        }
    }

    /// Where a function's attributes are.
    package func path(_ address: String) -> String { "\(root)/\(Self.place)/\(address)" }

    /// Adds a function to the bus.
    package func add(_ address: String, _ function: Function = Function()) throws {
        let place = "\(Self.place)/\(address)"
        try makeDirectory(place)
        try link("bus/pci/devices/\(address)", to: "../../../\(place)")
        try write("0x" + hex(UInt32(function.vendor), 4), to: "\(place)/vendor")
        try write("0x" + hex(UInt32(function.device), 4), to: "\(place)/device")
        try write("0x" + hex(function.classCode, 6), to: "\(place)/class")
        try write("0x01", to: "\(place)/revision")
        try write(String(function.numaNode), to: "\(place)/numa_node")
        try write("(null)", to: "\(place)/driver_override")
        if let total = function.totalVFs {
            try write(String(total), to: "\(place)/sriov_totalvfs")
            try write("0", to: "\(place)/sriov_numvfs")
            try write(function.probesDrivers ? "1" : "0", to: "\(place)/sriov_drivers_autoprobe")
        }
        if let driver = function.driver { try bind(address, to: driver) }
        if let group = function.iommuGroup { try put(address, inGroup: group) }
        if let interface = function.interface { try add(interface, to: address) }
    }

    /// Adds a virtual function as the `index`-th of `parent`, and counts it in `sriov_numvfs`.
    package func addVirtual(_ address: String, of parent: String, index: Int, _ function: Function) throws {
        try add(address, function)
        try link("\(Self.place)/\(address)/physfn", to: "../\(parent)")
        try link("\(Self.place)/\(parent)/virtfn\(index)", to: "../\(address)")
        try write(String(index + 1), to: "\(Self.place)/\(parent)/sriov_numvfs")
    }

    /// Gives a function a netdev, or the device `child` below it, as virtio's are.
    package func add(_ interface: Interface, to address: String, child: String? = nil) throws {
        let parent = child.map { "\(address)/\($0)" } ?? address
        let place = "\(Self.place)/\(parent)/net/\(interface.name)"
        try makeDirectory(place)
        try link("class/net/\(interface.name)", to: "../../\(place)")
        try write(interface.address, to: "\(place)/address")
        try write(String(interface.mtu), to: "\(place)/mtu")
        try write(String(interface.type), to: "\(place)/type")
        try write(interface.isUp ? "0x1003" : "0x1002", to: "\(place)/flags")
        try write(String(interface.index), to: "\(place)/ifindex")
        if let carrier = interface.carrier { try write(carrier ? "1" : "0", to: "\(place)/carrier") }
    }

    /// Binds a driver, which is there from then on.
    package func bind(_ address: String, to driver: String) throws {
        try addDriver(driver)
        try unbind(address)
        try link("\(Self.place)/\(address)/driver", to: "../../../bus/pci/drivers/\(driver)")
        try link("bus/pci/drivers/\(driver)/\(address)", to: "../../../../\(Self.place)/\(address)")
    }

    /// Takes a function from its driver, if it has one, and takes its netdevs away.
    package func unbind(_ address: String) throws {
        let driver = "\(path(address))/driver"
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: driver) else { return }
        try FileManager.default.removeItem(atPath: driver)
        let name = URL(fileURLWithPath: target).lastPathComponent
        try FileManager.default.removeItem(atPath: "\(root)/bus/pci/drivers/\(name)/\(address)")
        try removeInterfaces(of: address)
    }

    /// Loads a driver.
    package func addDriver(_ driver: String) throws { try makeDirectory("bus/pci/drivers/\(driver)") }

    /// Takes a function off the bus.
    package func remove(_ address: String) throws {
        try unbind(address)
        try removeInterfaces(of: address)
        try FileManager.default.removeItem(atPath: "\(root)/bus/pci/devices/\(address)")
        try FileManager.default.removeItem(atPath: path(address))
    }

    /// Leaves a function's entry on the bus and takes away what it leads to, as a function that goes while it is read.
    package func makeDangling(_ address: String) throws {
        try FileManager.default.removeItem(atPath: path(address))
    }

    /// Takes one attribute of a function away.
    package func removeAttribute(_ name: String, of address: String) throws {
        try FileManager.default.removeItem(atPath: "\(path(address))/\(name)")
    }

    /// Sets one attribute of a function.
    package func write(_ text: String, toAttribute name: String, of address: String) throws {
        try write(text, to: "\(Self.place)/\(address)/\(name)")
    }

    /// Sets the MTU of a netdev.
    func setMTU(_ text: String, ofInterface name: String) throws { try write(text, to: "class/net/\(name)/mtu") }

    /// The first line of an attribute of a function.
    package func attribute(_ name: String, of address: String) throws -> String {
        try String(contentsOfFile: "\(path(address))/\(name)", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// Puts a function into an IOMMU group, whose `name` is `vfio-noiommu` where there is no IOMMU behind it.
    package func put(_ address: String, inGroup number: Int, named name: String? = nil) throws {
        let group = "kernel/iommu_groups/\(number)"
        try makeDirectory("\(group)/devices")
        if let name { try write(name, to: "\(group)/name") }
        try link("\(Self.place)/\(address)/iommu_group", to: "../../../\(group)")
    }

    private func removeInterfaces(of address: String) throws {
        let net = "\(path(address))/net"
        for name in (try? FileManager.default.contentsOfDirectory(atPath: net)) ?? [] {
            try FileManager.default.removeItem(atPath: "\(root)/class/net/\(name)")
            try FileManager.default.removeItem(atPath: "\(net)/\(name)")
        }
    }

    private func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: "\(root)/\(path)", withIntermediateDirectories: true)
    }

    private func link(_ path: String, to target: String) throws {
        let place = "\(root)/\(path)"
        // A link of an earlier layout; there need not be one.
        try? FileManager.default.removeItem(atPath: place)
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
    }

    private func write(_ text: String, to path: String) throws {
        try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: "\(root)/\(path)"))
    }

    private static let place = "devices/pci0000:00"
}

private func hex(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
