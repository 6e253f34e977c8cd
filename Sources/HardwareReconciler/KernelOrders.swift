import LinuxSystem
import Netlink

/// The two ways in which steps change the machine; a test puts its own in.
package struct KernelOrders: Sendable {
    /// Writes `text` to the attribute at `path`.
    package var write: @Sendable (_ text: String, _ path: String) throws(StepFailure.Cause) -> Void
    /// Sets an interface up and leaves its other flags alone.
    package var bringUp: @Sendable (_ interface: String) throws(StepFailure.Cause) -> Void

    /// Orders that somebody else carries out.
    package init(
        write: @escaping @Sendable (_ text: String, _ path: String) throws(StepFailure.Cause) -> Void,
        bringUp: @escaping @Sendable (_ interface: String) throws(StepFailure.Cause) -> Void
    ) {
        self.write = write
        self.bringUp = bringUp
    }

    /// Orders to the running kernel: sysfs, and netlink in the network namespace of the calling thread.
    package static var kernel: KernelOrders {
        KernelOrders(
            write: { text, path throws(StepFailure.Cause) in
                do throws(SystemError) {
                    try Attribute.write(text, to: path)
                } catch {
                    throw .kernel(error)
                }
            },
            bringUp: { interface throws(StepFailure.Cause) in
                let isThere: Bool
                do throws(NetlinkError) {
                    isThere = try setUp(interface)
                } catch {
                    throw .kernel(SystemError(call: error.operation, subject: error.subject, errno: error.errno))
                }
                guard isThere else { throw .noInterface(interface) }
            }
        )
    }

    /// Whether there is such an interface, which is up then.
    private static func setUp(_ interface: String) throws(NetlinkError) -> Bool {
        let socket = try RouteSocket()
        guard let link = try socket.link(named: interface) else { return false }
        try socket.change(link: link.index, LinkChange(isUp: true))
        return true
    }
}
