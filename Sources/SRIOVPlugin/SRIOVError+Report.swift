import AttachmentStore
import Attachments
package import CNI
import Delegates
import LinuxSystem
import Netlink

extension SRIOVError {
    /// What to tell the runtime: the specification's code and a sentence, with the kernel's own words where it refused.
    package var cniError: CNIError {
        switch self {
        case .addresses(let failure): failure.cniError
        case .answer(let error): error
        case .notUndone(let error, let more):
            CNIError(error.code, error.message, details: "also: \(more.joined(separator: "; "))")
        default: CNIError(code, message, details: hint ?? "")
        }
    }

    /// Whether the same would happen again until somebody changes something on the host.
    package var isLasting: Bool {
        switch self {
        case .noSuchFunction, .obstacle: true
        case .addresses(let failure): failure.isLasting
        default: false
        }
    }

    private var code: CNIError.Code {
        switch self {
        case .owned, .marked, .unclear, .busy, .staleJournal, .reloadWithoutInterface, .attachedElsewhere, .noInterface:
            .tryAgainLater
        case .noSuchFunction, .noDriver, .hasVirtualFunctions, .notEthernet, .noPhysicalFunction:
            .invalidConfiguration
        case .nameInUse: .invalidEnvironment
        case .hostNamespace: .invalidNetworkNamespace
        case .obstacle, .refused, .netlink, .system, .store: .ioFailure
        case .noAddress: .invalidConfiguration
        case .addresses(let failure): failure.cniError.code
        case .answer(let error), .notUndone(let error, _): error.code
        }
    }

    private var message: String {
        switch self {
        case .noSuchFunction(let address): "there is no PCI device \(address)"
        case .noDriver(let address): "\(address) has no driver"
        case .noInterface(let address, let driver): "\(address), driver \(driver), has no interface on the host"
        case .hasVirtualFunctions(let address, let count): "\(address) is a PF with \(count) virtual functions"
        case .notEthernet(let address, let type): "\(address) is not Ethernet (hardware type \(type))"
        case .noPhysicalFunction(let address):
            "the PF of \(address) is not visible here, so its settings cannot be made"
        case .owned(let address, let owner): "\(address) belongs to \(owner)"
        case .marked(let address, let marker, let namespace):
            "\(address) is in use in namespace \(namespace), says \(marker)"
        case .unclear(let address, let containerID, let error):
            "\(address) is not on the host, and the journal of container \(containerID), which names it, \(error)"
        case .busy(let subject): "another operation on \(subject) is under way"
        case .nameInUse(let name, let sandbox): "namespace \(sandbox) has an interface \(name) already"
        case .hostNamespace(let path): "\(path) is the host's own network namespace"
        case .attachedElsewhere(let name, let function):
            "interface \(name) of this container is attached already" + (function.map { ", it is \($0)" } ?? "")
        case .staleJournal(let containerID):
            "container \(containerID) has a journal of another namespace that could not be undone"
        case .reloadWithoutInterface(let address, let driver, let milliseconds):
            "\(address) got no interface within \(milliseconds) ms after driver \(driver) was bound again"
        case .obstacle(let address, let obstacle): "\(address) cannot be given back: \(obstacle)"
        case .refused(let error, let device): "\(device): \(error)"
        case .noAddress(let plugin): "plugin \"\(plugin)\" gave no address"
        case .addresses(let failure): failure.description
        case .answer(let error), .notUndone(let error, _): error.message
        case .netlink(let error): error.description
        case .system(let error): error.description
        case .store(let error): error.description
        }
    }

    private var hint: String? {
        switch self {
        case .noDriver: "bind its network driver, or vfio-pci for a userspace"
        case .noInterface: "it may be in another network namespace"
        case .reloadWithoutInterface: "is the PF up?"
        case .refused(let error, let device): device.hint(for: error)
        default: nil
        }
    }
}

extension FunctionLabel {
    fileprivate func hint(for error: NetlinkError) -> String? {
        let driver = physicalFunctionDriver ?? "the PF's driver"
        switch error.operation {
        case "set rates": return "\(driver) may know no minimum rate, or the PF's link may be down or slower than asked"
        case "set VLAN": return "\(driver) may know no 802.1ad"
        case "set link state": return "\(driver) may know no link states"
        default: return nil
        }
    }
}
