import CLibNL
import Glibc
import LinuxSystem

/// The kernel refused a netlink request, or its answer could not be had.
package struct NetlinkError: Error, Equatable, CustomStringConvertible {
    /// What was tried, `set VLAN`.
    package let operation: String
    /// What it was tried on, `virtual function 3 of link 5`.
    package let subject: String
    /// The kernel's number; EBADMSG for an answer that has not the shape of one.
    package let errno: CInt
    /// What the kernel says beside the number (`NLMSGERR_ATTR_MSG`); few refusals have it.
    package let kernelText: String?

    /// Names the operation, what it was tried on, and what the kernel said.
    package init(operation: String, subject: String, errno: CInt, kernelText: String? = nil) {
        self.operation = operation
        self.subject = subject
        self.errno = errno
        self.kernelText = kernelText
    }

    /// `set VLAN of virtual function 3 of link 5: Invalid argument (…)`.
    package var description: String {
        let reason = systemErrorText(errno)
        return "\(operation) of \(subject): \(reason)" + (kernelText.map { " (\($0))" } ?? "")
    }
}

/// What an exchange is for, named in its errors.
struct Purpose {
    let operation: String
    let subject: String

    init(_ operation: String, of subject: String) {
        self.operation = operation
        self.subject = subject
    }

    func error(_ errno: CInt, kernelText: String? = nil) -> NetlinkError {
        NetlinkError(operation: operation, subject: subject, errno: errno, kernelText: kernelText)
    }

    /// An answer that cannot be read.
    var malformed: NetlinkError { error(EBADMSG) }

    /// The errno of a libnl call that just failed.
    ///
    /// libnl maps many errnos to one code of its own; the C library's variable still has the kernel's where a system
    /// call was what failed.
    func error(libnl status: CInt) -> NetlinkError {
        let number = Glibc.errno
        if status == -NLE_NOMEM, number == 0 { return error(ENOMEM) }
        return error(number == 0 ? EIO : number)
    }
}
