import Glibc

/// Kernel settings under /sys and /proc/sys: one short text a file.
package enum Attribute {
    /// More than any attribute has: the kernel gives sysfs one page.
    private static let limit = 65_536

    /// The text without blanks and newlines around it.
    ///
    /// - Throws: ``SystemError`` of `open` or `read`, where the driver's refusal shows; EILSEQ if it is not UTF-8.
    package static func read(_ path: String) throws(SystemError) -> String {
        let bytes = try File.read(path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SystemError(call: "read", subject: path, errno: EILSEQ)
        }
        return trimmed(text)
    }

    /// The text, or `nil` where there is no such attribute.
    ///
    /// - Throws: ``SystemError`` as ``read(_:)`` does, except for ENOENT.
    package static func readIfPresent(_ path: String) throws(SystemError) -> String? {
        do throws(SystemError) {
            return try read(path)
        } catch {
            guard error.errno == ENOENT else { throw error }
            return nil
        }
    }

    /// Writes the text in one `write`, as the kernel demands; the file must be there.
    ///
    /// - Throws: ``SystemError`` of `open` or `write`; EIO if the kernel took a part only.
    package static func write(_ text: String, to path: String) throws(SystemError) {
        let bytes = Array(text.utf8)
        let file = try Descriptor(opening: path, flags: O_WRONLY)
        let written = try file.call("write", path) { number in
            bytes.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
        }
        guard written == bytes.count else { throw SystemError(call: "write", subject: path, errno: EIO) }
    }

    private static func trimmed(_ text: String) -> String {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || (9...13).contains($0) || $0 == 0 }
        let bytes = text.utf8
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(text[first...last])
    }
}
