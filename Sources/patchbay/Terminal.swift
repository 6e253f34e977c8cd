import Glibc
import LinuxSystem

/// Where commands write: a person's terminal, or a file or pipe, which gets plain text.
enum Terminal {
    /// Whether standard output is a terminal that takes colours.
    static let isInteractive = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil

    /// Columns of the terminal; `nil` where nothing limits a line.
    static var width: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes to standard output at once, without a line feed of its own.
    static func write(_ text: String) throws { try StandardStreams.writeOutput(Array(text.utf8)) }

    /// Writes to standard output what nobody must have: who closed it does not stop the work.
    static func show(_ text: String) {
        // A step that is being taken is not left half-way because its line could not be printed.
        try? write(text)
    }

    /// Writes lines to standard output.
    static func writeLines(_ lines: [String]) throws { try write(lines.map { $0 + "\n" }.joined()) }

    static func bold(_ text: String) -> String { styled(text, "1") }

    static func dim(_ text: String) -> String { styled(text, "2") }

    private static func styled(_ text: String, _ code: String) -> String {
        isInteractive && !text.isEmpty ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
