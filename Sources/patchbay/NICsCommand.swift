import ArgumentParser
import JSON
import PCI
import PCIInventory

/// `patchbay nics`: what network hardware there is.
struct NICsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nics",
        abstract: "Lists the NICs of this machine and their virtual functions.",
        discussion: """
            VFS is how many virtual functions there are and can be. Virtual functions that are alike share a line; --all \
            lists each.
            """
    )

    @Flag(help: "List every virtual function.")
    var all = false

    @Flag(help: "Print everything that is known, as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Where sysfs is mounted.", valueName: "root"))
    var sysfs = "/sys"

    func run() throws {
        let inventory = try InventoryReader(sysfs: sysfs).read()
        guard !json else {
            return try Terminal.write(String(decoding: inventory.json.serializedForReading(), as: UTF8.self))
        }
        let table = NICTable(inventory: inventory, showsEach: all).table()
        if !table.isEmpty { try Terminal.writeLines(table.lines()) }
        let remarks =
            inventory.unreadable.map { "Not read: \($0.name): \($0.reason)" } + [inventory.remark].compactMap(\.self)
        if !remarks.isEmpty { try Terminal.writeLines((table.isEmpty ? [] : [""]) + remarks) }
    }
}

extension Inventory {
    /// What follows from the table, if anything: what is missing, and the next step.
    fileprivate var remark: String? {
        if functions.isEmpty {
            return """
                There is no NIC on the PCI bus of this machine. Interfaces that are no PCI devices are not listed; \
                they cannot make virtual functions.
                """
        }
        guard !physicalFunctions.isEmpty else {
            return """
                None of these can make virtual functions (SR-IOV). If one should: SR-IOV must be on in the BIOS and in the \
                NIC's firmware, and the NIC's own driver bound.
                """
        }
        guard physicalFunctions.allSatisfy({ $0.sriov?.numVFs == 0 }) else { return nil }
        return """
            There are no virtual functions yet. Next: patchbay hardware plan FILE (ready files are in hwconfig/).
            """
    }
}
