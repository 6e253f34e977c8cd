import CShims
import Glibc

/// A system call failed.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The call as section 2 of the manual names it.
    package let call: String
    /// The path, process or address it was made on.
    package let subject: String
    /// The kernel's number, kept also where nobody has a name for it.
    package let errno: CInt

    /// Names the call, what it was made on, and the kernel's number.
    package init(call: String, subject: String, errno: CInt) {
        self.call = call
        self.subject = subject
        self.errno = errno
    }

    /// `write /sys/…/sriov_numvfs: Device or resource busy`.
    package var description: String { "\(call) \(subject): \(systemErrorText(errno))" }
}

/// What the C library says about an errno, untranslated; `error 4711` where it knows nothing.
package func systemErrorText(_ errno: CInt) -> String {
    patchbay_error_text(errno).map { String(cString: $0) } ?? "error \(errno)"
}

/// Makes a system call, again after an interruption by a signal.
///
/// - Parameters:
///   - call: Its name, for the error.
///   - subject: What it is made on, for the error.
///   - body: Returns a negative number on failure, with errno set.
/// - Returns: What the call returned.
/// - Throws: ``SystemError`` with the errno of the failed call.
func systemCall<Number: SignedInteger>(
    _ call: String,
    _ subject: @autoclosure () -> String,
    _ body: () -> Number
) throws(SystemError) -> Number {
    while true {
        let result = body()
        if result >= 0 { return result }
        // Taken at once: anything else may change it.
        let number = errno
        guard number == EINTR else { throw SystemError(call: call, subject: subject(), errno: number) }
    }
}

/// Refuses a text with a zero byte in it, which C would cut off there: the path checked would not be the path used.
///
/// - Throws: ``SystemError`` with EINVAL.
func requireNoZeroByte(_ text: String, call: String) throws(SystemError) {
    guard !text.utf8.contains(0) else { throw SystemError(call: call, subject: text, errno: EINVAL) }
}
