import LinuxSystem
package import PCI

/// The functions that the host itself lives on, which no pod may get: whose interface carries a default route or is part
/// of a bridge or bond.
///
/// - SeeAlso: SR-IOV network device plugin, which withholds interfaces with a default route for the same reason
package struct HostNeeds: Sendable {
    private let sysfs: String
    private let procfs: String

    /// Names the trees to read.
    package init(sysfs: String = "/sys", procfs: String = "/proc") {
        self.sysfs = sysfs
        self.procfs = procfs
    }

    /// What the host needs of `inventory`, each with the reason.
    package func exclusions(in inventory: Inventory) -> [PCIAddress: String] {
        let carriers = defaultRouteInterfaces()
        var reasons: [PCIAddress: String] = [:]
        for function in inventory.functions {
            for interface in function.interfaces {
                if carriers.contains(interface.name) {
                    reasons[function.address] = "\(interface.name) carries a default route of the host"
                } else if let master = master(of: interface.name) {
                    reasons[function.address] = "\(interface.name) is part of the host's \(master)"
                }
            }
        }
        return reasons
    }

    private func master(of interface: String) -> String? {
        // An interface that has just gone is part of nothing.
        (try? File.linkName("\(sysfs)/class/net/\(interface)/master")) ?? nil
    }

    private func defaultRouteInterfaces() -> Set<String> {
        Self.defaultRouteInterfaces(ipv4: routes("route"), ipv6: routes("ipv6_route"))
    }

    private func routes(_ name: String) -> String {
        // A kernel without the protocol has no such file and no such routes.
        guard let bytes = try? File.read("\(procfs)/net/\(name)", limit: Self.routesLimit) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The interfaces of default routes in the kernel's two tables.
    ///
    /// A line of IPv4's has the interface first, then the destination and, eighth, the mask; one of IPv6's begins with
    /// destination and length and ends with the interface. The unreachable defaults of IPv6 are on `lo`.
    ///
    /// - SeeAlso: Linux, net/ipv4/fib_trie.c `fib_route_seq_show`, net/ipv6/route.c `rt6_info_route`
    static func defaultRouteInterfaces(ipv4: String, ipv6: String) -> Set<String> {
        var names: Set<String> = []
        for line in ipv4.split(separator: "\n") {
            let fields = line.split { $0 == "\t" || $0 == " " }
            if fields.count > 7, fields[1] == "00000000", fields[7] == "00000000" { names.insert(String(fields[0])) }
        }
        for line in ipv6.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count == 10, fields[1] == "00", fields[0].allSatisfy({ $0 == "0" }) else { continue }
            names.insert(String(fields[9]))
        }
        return names.subtracting(["lo"])
    }

    /// In bytes; a router's full table is none of a node's.
    private static let routesLimit = 16 << 20
}
