package import AttachmentStore
package import Attachments
package import CNI
package import Delegates
package import LinuxSystem
package import Netlink
package import PCI

/// Why a function could not be attached, or not be given back.
package enum SRIOVError: Error, Equatable, Sendable {
    /// There is no PCI device of that address.
    case noSuchFunction(PCIAddress)
    /// It has no kernel driver, and so neither an interface nor a userspace that could use it.
    case noDriver(PCIAddress)
    /// It has a driver and should have an interface, and there is none.
    case noInterface(PCIAddress, FunctionDriver)
    /// It is a PF with virtual functions, which a pod would take away with it.
    case hasVirtualFunctions(PCIAddress, count: Int)
    /// It is an interface of another kind than Ethernet; the number is the kernel's ARPHRD type.
    case notEthernet(PCIAddress, hardwareType: Int)
    /// Settings were asked for that only a PF can make, and none is visible.
    case noPhysicalFunction(PCIAddress)
    /// Another living attachment has it.
    case owned(PCIAddress, by: Owner)
    /// The incumbent's marker names a namespace that lives.
    case marked(PCIAddress, marker: String, namespace: String)
    /// A journal that cannot be read names it, and its interface is not on the host.
    case unclear(PCIAddress, containerID: String, JournalError)
    /// An operation on the former owner is under way.
    case busy(subject: String)
    /// An interface of the namespace has the name already.
    case nameInUse(name: String, sandbox: String)
    /// The namespace is the host's own.
    case hostNamespace(String)
    /// The pod's interface is there already, on another function.
    case attachedElsewhere(interfaceName: String, function: PCIAddress?)
    /// The container's record is of another namespace and could not be undone.
    case staleJournal(containerID: String)
    /// The driver did not make an interface in time after it was bound.
    case reloadWithoutInterface(PCIAddress, FunctionDriver, milliseconds: Int)
    /// What is in the way of giving it back.
    case obstacle(PCIAddress, UndoObstacle)
    /// A setting was refused by the PF's driver.
    case refused(NetlinkError, device: FunctionLabel)
    /// An operation failed and could not be undone; a journal says what is left.
    case notUndone(CNIError, [String])
    /// The address plugin.
    case addresses(DelegateFailure)
    /// It answered ADD without an address.
    case noAddress(plugin: String)
    /// What it answered, or a configuration that was kept, makes no sense.
    case answer(CNIError)
    case netlink(NetlinkError)
    case system(SystemError)
    case store(StoreError)
}

/// How a function is called in a sentence: what it is, on which PF, by which driver.
package struct FunctionLabel: Equatable, Sendable, CustomStringConvertible {
    package var address: PCIAddress
    package var virtualFunctionIndex: Int?
    package var physicalFunction: PCIAddress?
    /// The PF's interface now.
    package var physicalFunctionName: String?
    /// Of the PF, whose driver decides.
    package var physicalFunctionDriver: String?

    package var description: String {
        guard let index = virtualFunctionIndex, let pf = physicalFunction else { return "\(address)" }
        let name = physicalFunctionName.map { "\($0), " } ?? ""
        let driver = physicalFunctionDriver.map { ", driver \($0)" } ?? ""
        return "\(address) (VF \(index) of \(name)\(pf)\(driver))"
    }
}

/// Does what the kernel may refuse, with its error as ours.
func kernel<Value: ~Copyable>(_ body: @autoclosure () throws(NetlinkError) -> Value) throws(SRIOVError) -> Value {
    defer { callWasMade() }
    do throws(NetlinkError) { return try body() } catch { throw .netlink(error) }
}

/// Makes a system call, with its error as ours.
func system<Value: ~Copyable>(_ body: @autoclosure () throws(SystemError) -> Value) throws(SRIOVError) -> Value {
    defer { callWasMade() }
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

/// Makes several system calls.
func system<Value: ~Copyable>(calls body: () throws(SystemError) -> Value) throws(SRIOVError) -> Value {
    defer { callWasMade() }
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

/// Reads or writes records, with the store's error as ours.
func records<Value: ~Copyable>(_ body: @autoclosure () throws(StoreError) -> Value) throws(SRIOVError) -> Value {
    defer { callWasMade() }
    do throws(StoreError) { return try body() } catch { throw .store(error) }
}
