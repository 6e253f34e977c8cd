/// The PCI bus could not be listed at all.
///
/// What is wrong with a single function is no error: it is in the inventory's `unreadable`.
package struct InventoryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The step that failed: `open`, `scan`.
    package var call: String
    /// The directory of the bus, `/sys/bus/pci`.
    package var subject: String
    /// What libpci or the kernel said.
    package var reason: String

    package var description: String { "\(call) \(subject): \(reason)" }
}
