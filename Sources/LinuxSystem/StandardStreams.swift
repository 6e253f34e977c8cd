import CShims
import Glibc

/// The three streams a program is started with.
package enum StandardStreams {
    /// Reads standard input to its end.
    ///
    /// - Throws: ``SystemError`` of `read`; EFBIG if there are more than `limit` bytes.
    package static func readInput(limit: Int) throws(SystemError) -> [UInt8] {
        try Descriptor(copying: 0).readToEnd(limit: limit, of: "standard input")
    }

    /// Writes all bytes to standard output.
    ///
    /// - Throws: ``SystemError`` of `write`.
    package static func writeOutput(_ bytes: [UInt8]) throws(SystemError) {
        try writeAll(bytes, to: 1, subject: "standard output")
    }

    /// Writes all bytes to standard error.
    ///
    /// - Throws: ``SystemError`` of `write`.
    package static func writeError(_ bytes: [UInt8]) throws(SystemError) {
        try writeAll(bytes, to: 2, subject: "standard error")
    }
}
