import CShims

/// The process's environment, read as a whole.
package enum Environment {
    /// Every variable by its name; the first of two with one name, as `getenv` has it.
    ///
    /// Bytes that are not UTF-8 are replaced. Nothing in these programs changes the environment, so it can be read at
    /// any time.
    package static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        guard var entry = patchbay_environment() else { return variables }
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, variables[String(parts[0])] == nil { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}
