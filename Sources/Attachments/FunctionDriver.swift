/// What is particular about a kernel driver of virtual functions; an open set.
package struct FunctionDriver: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// Whether it hands the function to a process and so leaves it without an interface.
    package var isUserspace: Bool { ["vfio-pci", "uio_pci_generic", "igb_uio"].contains(rawValue) }

    /// Whether the driver must be bound anew for this change on the PF to reach the VF.
    ///
    /// After an administrative MAC or a VLAN the 82576's PF driver says "Reload the VF driver to make this change
    /// effective", and until then the VF neither takes the address nor passes traffic (lab, Linux 6.12).
    package func mustReload(after change: FunctionSettings) -> Bool {
        rawValue == "igbvf" && (change.administrativeMAC != nil || change.vlan != nil)
    }

    package var description: String { rawValue }
}
