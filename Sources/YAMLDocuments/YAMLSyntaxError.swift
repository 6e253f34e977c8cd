import Yams

/// A text is not YAML, or says more than JSON can.
package struct YAMLSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Counted from 1; `nil` where the parser does not tell.
    package var line: Int?
    /// Counted from 1, in characters; `nil` where the parser does not tell.
    package var column: Int?
    package var reason: String

    package var description: String {
        guard let line else { return reason }
        return column.map { "line \(line), column \($0): \(reason)" } ?? "line \(line): \(reason)"
    }

    init(_ reason: String, at mark: Mark? = nil) {
        self.line = mark?.line
        self.column = mark?.column
        self.reason = reason
    }
}

extension YAMLSyntaxError {
    /// Translates what Yams threw.
    init(_ error: any Error) {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            // libyaml's context begins with "while"; its place is often the more telling one, its words are not.
            let opened = context.map { ", \($0.text) that begins in line \($0.mark.line)" } ?? ""
            self.init(problem + opened, at: mark)
        case .reader(let problem, _, _, _): self.init("\(problem); the text must be UTF-8 without control characters")
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.init("the key \(duplicates.joined(separator: ", ")) is there twice", at: context.mark)
        case .memory: self.init("out of memory")
        default: self.init(String(describing: error))
        }
    }
}
