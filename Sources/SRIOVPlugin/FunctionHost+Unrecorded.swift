import Attachments
import LinuxSystem
import Netlink
package import PCI

extension FunctionHost {
    /// Gives back a function that no record tells of, as far as the kernel shows whose it is.
    ///
    /// A function found in the container's own namespace, under the attachment's name, is the attachment's unless
    /// another container's journal says otherwise. It goes home as its baseline says. To be called under its lock.
    ///
    /// - Parameters:
    ///   - address: The function.
    ///   - namespacePath: The container's namespace; nothing is done if it is gone, because the kernel has then sent
    ///     the function home.
    ///   - interfaceName: Its name there.
    ///   - containerID: Whose journal does not count.
    /// - Throws: ``SRIOVError`` if it could not be given back.
    package func returnUnrecorded(
        _ address: PCIAddress,
        from namespacePath: String,
        interfaceName: String,
        containerID: String
    ) throws(SRIOVError) {
        guard try system(NetworkNamespace.exists(namespacePath)) else { return }
        let sandbox = try SandboxNetwork(namespacePath)
        guard let link = try sandbox.interface(of: address, named: interfaceName),
            link.name == interfaceName, link.parentDevice != nil,
            try holders(of: address, besides: containerID).allSatisfy({ !$0.namespaceExists })
        else { return }
        let record = FunctionRecord(
            address: address,
            physicalFunction: nil,
            virtualFunctionIndex: nil,
            driver: try system(device(address).driver()),
            originals: FunctionState()
        )
        if let failure = undo(record, sandbox: sandbox, interfaceName: interfaceName).first { throw failure }
        try system(incumbent.unmark(address, namespace: namespacePath))
    }
}
