package import AttachmentStore
import Attachments
import Glibc
package import LinuxSystem
package import PCI

/// Whether a driver hands the function to a process instead of making a network interface.
func isUserspaceDriver(_ name: String) -> Bool {
    // Vendors have vfio drivers of their own: mlx5_vfio_pci, ice-vfio-pci.
    name.contains("vfio") || ["uio_pci_generic", "igb_uio", "pci-stub", "xen-pciback"].contains(name)
}

/// Finds who uses virtual functions: by the journals of attachments, and by what the kernel shows.
package struct FunctionUse: Sendable {
    private let sysfs: String
    private let processes: String
    private let state: StateDirectory
    private let bootID: String

    /// Names the trees to look into.
    ///
    /// - Parameters:
    ///   - sysfs: Where sysfs is mounted.
    ///   - processes: Where proc is mounted.
    ///   - state: Where the journals are.
    ///   - bootID: The running kernel's; journals of another boot own nothing.
    /// - Throws: ``SystemError`` if the boot id is asked for and cannot be read.
    package init(
        sysfs: String = "/sys",
        processes: String = "/proc",
        state: StateDirectory = StateDirectory(),
        bootID: String? = nil
    ) throws(SystemError) {
        self.sysfs = sysfs
        self.processes = processes
        self.state = state
        self.bootID = if let bootID { bootID } else { try Boot.id() }
    }

    /// The virtual functions of `inventory` that somebody uses, each with who, for a sentence.
    ///
    /// In use are: one that a journal of this boot names, one whose interface is in another network namespace, one whose
    /// interface belongs to a bridge or bond, and one whose vfio or uio node a process has open. Who is not root does not
    /// see journals and other users' processes.
    ///
    /// - Throws: ``SystemError`` if journals are there and cannot be read, except for EACCES.
    package func holders(in inventory: Inventory) throws(SystemError) -> [PCIAddress: String] {
        let virtual = inventory.functions.filter { $0.virtual != nil }
        var holders = try owners()
        for function in virtual where holders[function.address] == nil {
            holders[function.address] = sign(of: function)
        }
        return holders.merging(openNodes(of: virtual)) { kept, _ in kept }
    }

    private func owners() throws(SystemError) -> [PCIAddress: String] {
        let entries: [StateDirectory.Entry]
        do throws(SystemError) {
            entries = try state.entries()
        } catch {
            guard error.errno == EACCES else { throw error }
            return [:]
        }
        var owners: [PCIAddress: String] = [:]
        for case .journal(let journal) in entries where journal.bootID == bootID {
            for attachment in journal.attachments {
                guard let owner = Owner(of: attachment, in: journal) else { continue }
                let who = owner.podLabel.map { "pod \($0)" } ?? "container \(owner.containerID)"
                owners[owner.function] = "\(who) holds it as \(owner.interfaceName)"
            }
        }
        return owners
    }

    /// What the function itself shows of its user.
    private func sign(of function: PCIFunction) -> String? {
        if isAway(function) { return "its interface is in another network namespace (a pod's or container's)" }
        for interface in function.interfaces {
            if let master = master(of: interface.name) {
                return "its interface \(interface.name) belongs to \(master)"
            }
        }
        return nil
    }

    private func isAway(_ function: PCIFunction) -> Bool {
        guard let driver = function.driver, function.identity.baseClass == 0x02 else { return false }
        return function.interfaces.isEmpty && !isUserspaceDriver(driver)
    }

    private func master(of interface: String) -> String? {
        // No such link, or an interface that has just gone: not part of anything.
        (try? File.linkName("\(sysfs)/class/net/\(interface)/master")) ?? nil
    }

    private func openNodes(of functions: [PCIFunction]) -> [PCIAddress: String] {
        var owners: [String: [PCIAddress]] = [:]
        for function in functions {
            for node in nodes(of: function) { owners[node, default: []].append(function.address) }
        }
        guard !owners.isEmpty else { return [:] }
        var holders: [PCIAddress: String] = [:]
        for process in (try? Directory.entries(processes)) ?? [] {
            // The program that asks may have inherited a descriptor; the one it comes from is the one to name.
            guard Int(process).map({ $0 != Int(getpid()) }) == true else { continue }
            for node in openFiles(of: process) {
                for address in owners[node] ?? [] where holders[address] == nil {
                    holders[address] = "process \(process) (\(name(of: process))) has /dev/\(node) open"
                }
            }
        }
        return holders
    }

    /// The nodes below /dev that give the function to a process.
    private func nodes(of function: PCIFunction) -> [String] {
        guard let driver = function.driver, isUserspaceDriver(driver) else { return [] }
        var nodes = function.uioName.map { [$0] } ?? []
        if let group = function.iommuGroup {
            nodes.append(group.isWithoutIOMMU ? "vfio/noiommu-\(group.number)" : "vfio/\(group.number)")
        }
        // Since Linux 6.6 a function also has a node of its own. Where it is missing there is none.
        let own = try? Directory.entriesIfPresent("\(sysfs)/bus/pci/devices/\(function.address)/vfio-dev")
        return nodes + ((own ?? nil) ?? []).map { "vfio/devices/\($0)" }
    }

    /// Files below /dev that a process has open, without `/dev/`.
    private func openFiles(of process: String) -> [String] {
        let directory = "\(processes)/\(process)/fd"
        // A process that has ended, or is another user's: nothing to be seen.
        let descriptors = (try? Directory.entries(directory)) ?? []
        return descriptors.compactMap { descriptor in
            guard let target = try? File.linkTarget("\(directory)/\(descriptor)"), target.hasPrefix("/dev/") else {
                return nil
            }
            return String(target.dropFirst(5))
        }
    }

    private func name(of process: String) -> String {
        // It may have ended just now.
        (try? Attribute.read("\(processes)/\(process)/comm")) ?? "?"
    }
}
