package import LinuxSystem
package import PCI

/// The incumbent plugin's records of the functions in use, kept as well so that both can run on one host.
///
///     /var/lib/cni/sriov/pci/0000:01:10.0               path of the namespace the function is in
///                           vf_lock/0000:01:10.0.lock   locked while somebody works on the function
package struct IncumbentDirectory: Sendable {
    package static let standardPath = "/var/lib/cni/sriov"
    /// The variable that moves it.
    package static let variable = "PATCHBAY_INCUMBENT_DIRECTORY"

    private let path: String

    /// Names the directory; nothing is made yet.
    package init(_ path: String = Self.standardPath) { self.path = path }

    package init(environment: [String: String]) {
        let path = environment[Self.variable] ?? ""
        self.init(path.isEmpty ? Self.standardPath : path)
    }

    /// Makes the directories that are missing.
    package func create() throws(SystemError) {
        let directory = "\(path)/pci/vf_lock"
        if try !Directory.isDirectory(directory) { try Directory.create(directory) }
    }

    /// Takes the incumbent's lock on a function.
    package func lock(_ address: PCIAddress, until deadline: Deadline) throws(SystemError) -> FileLock {
        try FileLock("\(path)/pci/vf_lock/\(address).lock", until: deadline)
    }

    /// The path of the marker.
    package func markerPath(_ address: PCIAddress) -> String { "\(path)/pci/\(address)" }

    /// The namespace the marker names; `nil` if the function is not marked.
    package func marker(_ address: PCIAddress) throws(SystemError) -> String? {
        try Attribute.readIfPresent(markerPath(address))
    }

    /// Marks the function as being in the namespace.
    package func mark(_ address: PCIAddress, namespace: String) throws(SystemError) {
        try File.write(Array(namespace.utf8), to: markerPath(address), isDurable: false)
    }

    /// Takes the mark away if it names the namespace; another's stays.
    ///
    /// To be called under the function's lock.
    package func unmark(_ address: PCIAddress, namespace: String) throws(SystemError) {
        try File.removeRemnants(of: markerPath(address))
        guard try marker(address) == namespace else { return }
        try File.remove(markerPath(address))
    }
}
