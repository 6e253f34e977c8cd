import HardwareConfiguration
import PCI

/// The table of NICs: physical functions and plain NICs, each followed by its virtual functions.
struct NICTable {
    let inventory: Inventory
    /// Whether each virtual function has a row of its own; else those that are alike share one.
    var showsEach = false

    /// The table of all functions, or of those at `addresses` with their virtual ones.
    func table(of addresses: [PCIAddress]? = nil) -> Table {
        var table = Table([
            Table.Column("ADDRESS"), Table.Column("NAME"), Table.Column("DRIVER"), Table.Column("LINK"),
            Table.Column("MTU", isNumeric: true), Table.Column("VFS", isNumeric: true),
            Table.Column("NUMA", isNumeric: true), Table.Column("IOMMU", isNumeric: true), Table.Column("DEVICE"),
        ])
        for function in inventory.functions where function.virtual == nil {
            if let addresses, !addresses.contains(function.address) { continue }
            table.add(cells(of: function, address: function.address.description, vfs: count(of: function)))
            let virtual = inventory.virtualFunctions(of: function.address)
            if showsEach {
                for vf in virtual {
                    let index = vf.virtual.map { "VF \($0.index)" } ?? ""
                    table.add(cells(of: vf, address: "  \(vf.address)", vfs: index), isDetail: true)
                }
            } else {
                for group in VFGroup.groups(virtual) { table.add(group.cells, isDetail: true) }
            }
        }
        return table
    }

    private func cells(of function: PCIFunction, address: String, vfs: String) -> [String] {
        [
            address,
            function.interfaces.isEmpty ? function.absence : function.interfaces.map(\.name).joined(separator: ","),
            function.driver ?? "-",
            function.interfaces.first.map(link) ?? "",
            function.interfaces.first.map { String($0.mtu) } ?? "",
            vfs,
            function.numaNode.map(String.init) ?? "",
            function.iommuGroup.map { String($0.number) } ?? "",
            description(of: function),
        ]
    }

    private func count(of function: PCIFunction) -> String {
        function.sriov.map { "\($0.numVFs)/\($0.totalVFs)" } ?? ""
    }

    private func link(_ interface: NetworkInterface) -> String {
        guard interface.isUp else { return "down" }
        return interface.hasCarrier == true ? "up" : "no carrier"
    }
}

/// Virtual functions of one PF that a reader need not tell apart.
private struct VFGroup {
    var functions: [PCIFunction]

    static func groups(_ functions: [PCIFunction]) -> [VFGroup] {
        var groups: [VFGroup] = []
        for function in functions {
            if let index = groups.firstIndex(where: { $0.takes(function) }) {
                groups[index].functions.append(function)
            } else {
                groups.append(VFGroup(functions: [function]))
            }
        }
        return groups
    }

    private func takes(_ function: PCIFunction) -> Bool {
        guard let first = functions.first else { return true }
        return first.driver == function.driver && first.identity == function.identity
            && first.interfaces.isEmpty == function.interfaces.isEmpty
    }

    var cells: [String] {
        guard let first = functions.first else { return [] }
        let indexes = VFIndexSet(grouping: functions.compactMap(\.virtual?.index))
        let names = functions.flatMap(\.interfaces).map(\.name)
        let name = names.count > 1 ? "\(names.count) interfaces" : names.first ?? first.absence
        return ["  VF \(indexes)", name, first.driver ?? "-", "", "", "", "", "", description(of: first)]
    }
}

extension PCIFunction {
    /// Why a function has no interface here, in a word or two.
    fileprivate var absence: String {
        guard let driver else { return "-" }
        return virtual == nil || driver.contains("vfio") || uioName != nil ? "-" : "in another netns"
    }
}

/// `8086:10c9 Intel 82576 Gigabit Network Connection`.
private func description(of function: PCIFunction) -> String {
    let numbers = "\(function.identity.vendor):\(function.identity.device)"
    let names = [function.vendorName.map(shortened), function.deviceName].compactMap(\.self)
    return ([numbers] + names).joined(separator: " ")
}

/// A company's name without what makes it a company: `Intel Corporation`, `Broadcom Inc. and subsidiaries`.
private func shortened(_ vendor: String) -> String {
    let forms: Set<Substring> = [
        "Corporation", "Corp.", "Inc", "Inc.", "Ltd", "Ltd.", "Co.", "Technologies", "AG", "GmbH",
    ]
    let words = vendor.split(separator: " ").prefix { !forms.contains($0) }
    guard !words.isEmpty else { return vendor }
    let name = words.joined(separator: " ")
    return name.hasSuffix(",") ? String(name.dropLast()) : name
}
