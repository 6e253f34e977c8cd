import Attachments
import CNI
import LinuxSystem
import Netlink
import SRIOVPlugin

extension MetaRole {
    /// Opens the pod's namespace, which stays while the operation lasts.
    ///
    /// - Throws: ``CNIError`` code 4 if it is none, code 8 if it is our own: everything would be done to the host.
    func openSandbox() throws(CNIError) -> NetworkNamespace {
        let path = invocation.networkNamespace ?? ""
        let sandbox: NetworkNamespace
        do throws(SystemError) {
            sandbox = try NetworkNamespace(path)
        } catch {
            throw CNIError(.invalidEnvironment, "CNI_NETNS: \(error)")
        }
        let host = try system("own namespace") { () throws(SystemError) in try NetworkNamespace.current().identity }
        let isSanctioned = ["TRUE", "1"].contains(environment["CNI_NETNS_OVERRIDE"]?.uppercased() ?? "")
        guard sandbox.identity != host || isSanctioned else {
            throw CNIError(.invalidNetworkNamespace, "CNI_NETNS \(path) is the host's own network namespace")
        }
        return sandbox
    }

    /// Refuses an interface name that is taken in the pod: the delegate might take the interface over.
    ///
    /// - Throws: ``CNIError`` code 4.
    func requireFree(_ interfaceName: String, in sandbox: borrowing NetworkNamespace) throws(CNIError) {
        guard try !exists(interfaceName, in: sandbox) else {
            throw CNIError(.invalidEnvironment, "interface \(interfaceName) already exists in the pod")
        }
    }
}

/// Whether a namespace has an interface of that name.
func exists(_ interfaceName: String, in sandbox: borrowing NetworkNamespace) throws(CNIError) -> Bool {
    do throws(NetlinkError) {
        return try RouteSocket(in: sandbox).link(named: interfaceName) != nil
    } catch {
        throw CNIError(error)
    }
}

/// What a path leads to; `nil` if there is no network namespace.
func identity(ofNamespace path: String) throws(CNIError) -> NamespaceIdentity? {
    do throws(SystemError) {
        guard try NetworkNamespace.exists(path) else { return nil }
        return NamespaceIdentity(try NetworkNamespace(path).identity)
    } catch {
        throw CNIError(error, "network namespace")
    }
}

/// This boot's.
func bootID() throws(CNIError) -> String {
    try system("boot ID") { () throws(SystemError) in try Boot.id() }
}

extension Journal {
    /// Where the journal's namespace can be reached now.
    ///
    /// - Parameter other: Where the runtime says that it is, by the time of its DEL.
    /// - Returns: A path to it; `nil` if it is gone.
    /// - Throws: ``CNIError`` code 5 if that cannot be told.
    func namespacePath(alsoAt other: String?) throws(CNIError) -> String? {
        let boot = try MetaPlugin.bootID()
        guard bootID == boot else { return nil }
        for path in [sandbox.path, other ?? ""] where !path.isEmpty {
            if try identity(ofNamespace: path) == sandbox.identity { return path }
        }
        return nil
    }
}
