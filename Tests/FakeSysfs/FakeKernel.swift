import Foundation
package import LinuxSystem

/// Does to a ``FakeSysfs`` what the kernel does when attributes of PCI functions are written.
///
/// It answers as Linux does (drivers/pci/iov.c, pci-driver.c, drivers/base/bus.c) for the attributes that set up virtual
/// functions, and refuses all others. One thread at a time.
package final class FakeKernel: @unchecked Sendable {
    /// The driver that takes new virtual functions; `nil` if its module is not loaded.
    package var defaultDriver: String? = "igbvf"
    /// The errno of the next write to an attribute of this name, as a driver's or another operator's refusal.
    package var refusals: [String: CInt] = [:]
    /// What was written, in order: `sriov_numvfs=7`.
    package private(set) var writes: [String] = []

    private let tree: FakeSysfs

    /// A kernel that shows itself in `tree`.
    package init(_ tree: FakeSysfs) { self.tree = tree }

    /// Takes one write to an attribute.
    package func write(_ text: String, to path: String) throws(SystemError) {
        let parts = path.split(separator: "/").map(String.init)
        guard let name = parts.last else { throw SystemError(call: "write", subject: path, errno: ENOENT) }
        writes.append("\(name)=\(text)")
        let number =
            refusals.removeValue(forKey: name) ?? answer(to: text, name: name, owner: parts.dropLast().last ?? "")
        guard number == 0 else { throw SystemError(call: "write", subject: path, errno: number) }
    }

    /// The errno of the write, 0 if it is taken.
    private func answer(to text: String, name: String, owner: String) -> CInt {
        do {
            switch name {
            case "sriov_numvfs": return try setCount(Int(text) ?? -1, of: owner)
            case "driver_override": try tree.write(text == "\n" ? "(null)" : text, toAttribute: name, of: owner)
            case "unbind": try tree.unbind(text)
            case "bind": return try bind(text, to: owner)
            case "drivers_probe": if let driver = try driver(for: text) { return try bind(text, to: driver) }
            case "mtu": try tree.setMTU(text, ofInterface: owner)
            default: return EACCES
            }
            return 0
        } catch {
            return ENODEV
        }
    }

    private func setCount(_ count: Int, of pf: String) throws -> CInt {
        let current = Int(try tree.attribute("sriov_numvfs", of: pf)) ?? 0
        let total = Int(try tree.attribute("sriov_totalvfs", of: pf)) ?? 0
        guard (0...total).contains(count) else { return ERANGE }
        guard count == 0 || current == 0 || count == current else { return EBUSY }
        for index in 0..<(count == 0 ? current : 0) {
            try tree.remove(Self.address(index, of: pf))
            try tree.removeAttribute("virtfn\(index)", of: pf)
        }
        for index in 0..<(current == 0 ? count : 0) { try make(index, of: pf) }
        try tree.write(String(count), toAttribute: "sriov_numvfs", of: pf)
        return 0
    }

    private func make(_ index: Int, of pf: String) throws {
        let address = Self.address(index, of: pf)
        let function = FakeSysfs.Function {
            $0.device = 0x10ca
            $0.driver = nil
            $0.iommuGroup = 20 + index
        }
        try tree.addVirtual(address, of: pf, index: index, function)
        if try tree.attribute("sriov_drivers_autoprobe", of: pf) == "1", let driver = defaultDriver {
            _ = try bind(address, to: driver)
        }
    }

    private func driver(for address: String) throws -> String? {
        let override = try tree.attribute("driver_override", of: address)
        return override == "(null)" ? defaultDriver : override
    }

    private func bind(_ address: String, to driver: String) throws -> CInt {
        // pci_match_device: an override shuts all others out; without one vfio-pci matches nothing by itself.
        guard try self.driver(for: address) == driver else { return ENODEV }
        try tree.bind(address, to: driver)
        if !driver.contains("vfio") {
            let name = "v" + address.filter { $0 != ":" && $0 != "." }.suffix(5)
            try tree.add(FakeSysfs.Interface(name), to: address)
        }
        return 0
    }

    /// Where the 82576 puts its virtual functions: 0000:01:00.0 has 0000:01:10.0, .2, .4, .6, 0000:01:11.0 and so on.
    package static func address(_ index: Int, of pf: String) -> String {
        "\(pf.prefix(8))1\(index / 4).\(index % 4 * 2)"
    }
}
