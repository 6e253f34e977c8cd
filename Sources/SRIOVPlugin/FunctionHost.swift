package import AttachmentStore
package import Attachments
package import LinuxSystem
import Netlink
package import PCI

/// The machine an operation runs on: its namespace, its records, this boot.
///
/// For one thread. Everything that changes a function or reads what it may then rely on is done under the function's
/// lock, see ``lock(_:until:)``.
package final class FunctionHost {
    package let state: StateDirectory
    package let bootID: String
    /// When everything must be done, delegates included.
    package let deadline: Deadline
    let incumbent: IncumbentDirectory
    let sysfs: String
    let socket: RouteSocket
    let namespace: NetworkNamespace

    /// Opens the machine and makes the directories that are missing.
    ///
    /// - Parameters:
    ///   - environment: Where records are kept, if not in the standard places.
    ///   - sysfs: Where sysfs is mounted.
    ///   - deadline: When everything must be done.
    /// - Throws: ``SRIOVError`` if a directory cannot be made or no socket be opened.
    package init(
        environment: [String: String],
        sysfs: String = "/sys",
        deadline: Deadline
    ) throws(SRIOVError) {
        let state = StateDirectory(environment: environment)
        let incumbent = IncumbentDirectory(environment: environment)
        try system { () throws(SystemError) in
            try state.create()
            try incumbent.create()
        }
        self.state = state
        self.incumbent = incumbent
        self.sysfs = sysfs
        self.deadline = deadline
        self.bootID = try system(Boot.id())
        self.namespace = try system(NetworkNamespace.current())
        self.socket = try kernel(RouteSocket())
    }

    /// What sysfs shows of a function.
    package func device(_ address: PCIAddress) -> FunctionDevice { FunctionDevice(address, sysfs: sysfs) }

    /// What a learned baseline is about: this boot, and within it this making of the function.
    ///
    /// A VF that is unmade and made again has its address and nothing else of before, its MAC least of all; the kernel
    /// gives its directory another inode.
    func life(of address: PCIAddress) -> String {
        // Without a directory there is no function, and nothing is learned of it or restored.
        guard let identity = try? File.identity("\(sysfs)/bus/pci/devices/\(address)") else { return bootID }
        return "\(bootID)/\(identity.inode)"
    }

    /// Takes the locks on functions, ours and the incumbent's, in address order; they are held while the value lives
    /// and by every delegate started meanwhile.
    ///
    /// - Throws: ``SRIOVError/busy(subject:)`` if one is held at `deadline`.
    package func lock(_ addresses: [PCIAddress], until deadline: Deadline) throws(SRIOVError) -> FunctionLocks {
        let locks = FunctionLocks()
        for address in Set(addresses).sorted() {
            let ours = try locked("function \(address)") { () throws(SystemError) in
                try state.lock(function: address, until: deadline)
            }
            let theirs = try locked("function \(address) (by another plugin)") { () throws(SystemError) in
                try incumbent.lock(address, until: deadline)
            }
            locks.held.append(FunctionLocks.Held(ours: ours, theirs: theirs))
        }
        return locks
    }

    /// Takes the lock on a container's operations.
    ///
    /// - Throws: ``SRIOVError/busy(subject:)`` if it is held at `deadline`.
    package func lock(containerID: String, until deadline: Deadline) throws(SRIOVError) -> FileLock {
        try locked("container \(containerID)") { () throws(SystemError) in
            try state.lock(containerID: containerID, until: deadline)
        }
    }

    private func locked(
        _ subject: String,
        _ body: () throws(SystemError) -> FileLock
    ) throws(SRIOVError) -> FileLock {
        do throws(SystemError) {
            return try body()
        } catch {
            // ETIMEDOUT
            throw error.errno == 110 ? .busy(subject: subject) : .system(error)
        }
    }

    /// Whether a journal's namespace still is where it says, in this boot.
    package func exists(_ sandbox: Sandbox, ofBoot bootID: String) throws(SRIOVError) -> Bool {
        guard bootID == self.bootID else { return false }
        let found = try system(File.identity(sandbox.path))
        return found.map { NamespaceIdentity($0) } == sandbox.identity
    }

    /// Opens a journal's namespace; `nil` if it is gone.
    package func open(_ sandbox: Sandbox, ofBoot bootID: String) throws(SRIOVError) -> SandboxNetwork? {
        guard try exists(sandbox, ofBoot: bootID) else { return nil }
        let network = try SandboxNetwork(sandbox.path)
        // Replaced since it was looked at: then it is gone.
        return network.sandbox.identity == sandbox.identity ? network : nil
    }
}

/// Locks on functions, held while the value lives.
package final class FunctionLocks {
    /// The pair for one function.
    final class Held {
        let ours: FileLock
        let theirs: FileLock

        init(ours: consuming FileLock, theirs: consuming FileLock) {
            self.ours = ours
            self.theirs = theirs
        }
    }

    var held: [Held] = []
}

/// A pod's network namespace, held open, with a socket that speaks for it.
package final class SandboxNetwork {
    package let sandbox: Sandbox
    let namespace: NetworkNamespace
    let socket: RouteSocket

    /// Opens the namespace at a path.
    ///
    /// - Throws: ``SRIOVError`` if there is none or it cannot be entered.
    package init(_ path: String) throws(SRIOVError) {
        let namespace = try system(NetworkNamespace(path))
        self.socket = try kernel(RouteSocket(in: namespace))
        self.sandbox = Sandbox(path: path, identity: NamespaceIdentity(namespace.identity))
        self.namespace = namespace
    }

    /// The interface of a function; `nil` if it is not here.
    ///
    /// A kernel before 5.14 does not say which device an interface is of: there the name in the pod decides.
    func interface(of address: PCIAddress, named name: String) throws(SRIOVError) -> Link? {
        let links = try kernel(socket.links())
        let wanted = address.description
        if let link = links.first(where: { $0.parentBus == "pci" && $0.parentDevice == wanted }) { return link }
        return links.first { $0.name == name && $0.parentDevice == nil && $0.kind == nil && !$0.isLoopback }
    }
}

extension NamespaceIdentity {
    /// The file's numbers are the namespace's.
    package init(_ file: FileIdentity) { self.init(device: file.device, inode: file.inode) }
}
