package import CNI
package import JSON

extension SRIOVRole {
    /// Carries out one call.
    ///
    /// - Parameters:
    ///   - invocation: The call.
    ///   - input: What came on standard input.
    ///   - environment: The whole environment.
    ///   - release: Of this program.
    /// - Returns: What to print; `nil` for nothing.
    /// - Throws: ``CNIError`` to print.
    package static func answer(
        _ invocation: CNIInvocation,
        input: [UInt8],
        environment: [String: String],
        release: String
    ) throws(CNIError) -> JSONValue? {
        let request = try document(input)
        try invocation.requireCommand(in: try CNIVersion.declared(in: request))
        switch invocation.command {
        case .version: return CNIVersion.answer(to: request)
        case .add:
            return try SRIOVRole(invocation, environment: environment, release: release).add(input)
        case .del: try SRIOVRole(invocation, environment: environment, release: release).delete(input)
        case .check: try SRIOVRole(invocation, environment: environment, release: release).check(input)
        case .status: try status(invocation, input, environment: environment)
        case .gc: try collectGarbage(invocation, input, environment: environment)
        }
        return nil
    }
}
