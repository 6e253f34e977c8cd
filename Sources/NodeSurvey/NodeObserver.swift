package import AttachmentStore
package import Attachments
import LinuxSystem
package import NodeProtocol
package import PCI
import PCIInventory
package import ResourcePools
import Synchronization

/// Looks at the machine's functions and at the journals, again and again, at little cost.
///
/// A whole inventory reads a dozen files for each function, so it is made only when what is cheap to see has changed: the
/// names of PCI functions and of interfaces, and the drivers of the functions that are known; and once in a while
/// besides. Journals are read again when their directory says that something was written.
package final class NodeObserver: Sendable {
    /// What was seen last.
    private struct Memory: ~Copyable {
        var signs: Signs?
        var inventory = Inventory()
        var age = 0
        var watch: DirectoryWatch?
        var entries: [StateDirectory.Entry] = []
    }

    private struct Signs: Equatable, Sendable {
        var functions: [String]
        var interfaces: [String]
        var drivers: [String?]
    }

    private let sysfs: String
    private let reader: InventoryReader
    private let needs: HostNeeds
    private let state: StateDirectory
    private let bootID: String
    private let memory = Mutex(Memory())

    /// Names the trees to look at.
    ///
    /// - Parameters:
    ///   - sysfs: Where sysfs is mounted.
    ///   - procfs: Where the host's proc is mounted.
    ///   - state: Where the journals are.
    ///   - bootID: The running kernel's.
    package init(sysfs: String = "/sys", procfs: String = "/proc", state: StateDirectory, bootID: String) {
        self.sysfs = sysfs
        self.reader = InventoryReader(sysfs: sysfs)
        self.needs = HostNeeds(sysfs: sysfs, procfs: procfs)
        self.state = state
        self.bootID = bootID
    }

    /// What there is now.
    package struct View: Sendable, Equatable {
        package var inventory: Inventory
        package var claims: FunctionClaims
        package var exclusions: [PCIAddress: String]
        /// Of containers whose namespace is still there.
        package var liveJournals: [Journal] = []

        /// The pools made from it.
        package func assign(_ pools: PoolList) -> Assignments {
            PoolSurvey.assign(pools, inventory: inventory, claims: claims, exclusions: exclusions)
        }

        /// The pools made from it, for a person; what kubelet made of them is not known here.
        package func statuses(of pools: PoolList) -> [PoolStatus] { assign(pools).pools.map { PoolStatus($0) } }
    }

    /// Looks; blocks while it reads.
    ///
    /// - Throws: ``InventoryError`` or ``SystemError``; the next look starts afresh.
    package func look() throws -> View {
        try memory.withLock { memory in
            try lookAtFunctions(&memory)
            try lookAtJournals(&memory)
            let claims = try FunctionClaims(memory.entries, bootID: bootID)
            let journals = memory.entries.compactMap { entry in
                if case .journal(let journal) = entry { journal } else { nil }
            }
            return View(
                inventory: memory.inventory,
                claims: claims,
                exclusions: needs.exclusions(in: memory.inventory),
                liveJournals: journals.filter { !claims.abandoned.contains($0.containerID) }
            )
        }
    }

    /// Looks without being able to look again, and without making the state directory.
    ///
    /// - Throws: ``InventoryError`` or ``SystemError``.
    package static func lookOnce(
        sysfs: String = "/sys",
        procfs: String = "/proc",
        state: StateDirectory
    ) throws -> View {
        let inventory = try InventoryReader(sysfs: sysfs).read()
        return View(
            inventory: inventory,
            claims: try FunctionClaims(try state.entries(), bootID: try Boot.id()),
            exclusions: HostNeeds(sysfs: sysfs, procfs: procfs).exclusions(in: inventory)
        )
    }

    private func lookAtFunctions(_ memory: inout Memory) throws {
        let before = memory.signs
        memory.signs = nil
        memory.age += 1
        if try before == nil || before != signs(of: memory.inventory) || memory.age >= Self.longestAge {
            memory.inventory = try reader.read()
            memory.age = 0
        }
        memory.signs = try signs(of: memory.inventory)
    }

    private func signs(of inventory: Inventory) throws(SystemError) -> Signs {
        let devices = "\(sysfs)/bus/pci/devices"
        var drivers: [String?] = []
        for function in inventory.functions {
            drivers.append(try File.linkName("\(devices)/\(function.address)/driver"))
        }
        return Signs(
            functions: try Directory.entriesIfPresent(devices) ?? [],
            interfaces: try Directory.entriesIfPresent("\(sysfs)/class/net") ?? [],
            drivers: drivers
        )
    }

    private func lookAtJournals(_ memory: inout Memory) throws(SystemError) {
        if let events = try memory.watch?.events(until: .now), !events.contains(where: { $0.kind == .directoryGone }) {
            if !events.isEmpty { memory.entries = try state.entries() }
            return
        }
        memory.watch = nil
        try state.create()
        // Watched before it is listed, so nothing is missed between.
        memory.watch = try DirectoryWatch("\(state.path)/journal")
        memory.entries = try state.entries()
    }

    /// In looks.
    private static let longestAge = 20
}
