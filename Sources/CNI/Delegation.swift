package import JSON

/// Where a delegate's program may be: the first regular file of ``candidates`` is it.
package struct DelegateSearch: Sendable, Equatable {
    package let type: String
    /// The paths to look at, in order.
    package let candidates: [String]

    /// - Throws: ``CNIError`` code 7 if `type` does not name a file, code 4 if there is no directory to look in.
    package init(type: String, directories: [String]) throws(CNIError) {
        try Self.validate(type: type)
        guard !directories.isEmpty else {
            throw CNIError(.invalidEnvironment, "CNI_PATH is empty: nowhere to look for plugin \"\(type)\"")
        }
        self.type = type
        self.candidates = directories.map { $0.hasSuffix("/") ? $0 + type : "\($0)/\(type)" }
    }

    /// Refuses a type that would lead out of the directory it is looked for in.
    ///
    /// - Throws: ``CNIError`` code 7.
    package static func validate(type: String) throws(CNIError) {
        guard !type.isEmpty, type != ".", type != "..", !type.utf8.contains(where: { $0 == 0x2f || $0 == 0 }) else {
            throw CNIError(.invalidConfiguration, "invalid plugin type \"\(type)\"")
        }
    }
}

/// One run of a delegate: what it is given, and how to read what it gives back.
///
/// - SeeAlso: CNI 1.1.0, "Plugin Delegation"
package struct DelegateCall: Sendable, Equatable {
    package let command: CNIInvocation.Command
    /// What it gets on standard input, without white space.
    package let input: [UInt8]
    /// Its whole environment, by name.
    package let environment: [String: String]
    /// The version of its configuration, which a result without one has.
    package let version: CNIVersion

    /// - Parameters:
    ///   - invocation: The call it is told: command, container, namespace, interface, arguments and path.
    ///   - request: Its configuration, as ``NetworkConfigurationList/request(for:previousResult:runtimeConfig:adding:)``
    ///     makes it.
    ///   - inherited: This process's environment; its `CNI_…` variables are replaced or taken out.
    /// - Throws: ``CNIError`` code 1 if the configuration names a version not spoken here.
    package init(_ invocation: CNIInvocation, request: JSONValue, inherited: [String: String]) throws(CNIError) {
        self.command = invocation.command
        self.input = request.serialized()
        self.version = try CNIVersion.declared(in: request)
        var variables = inherited.filter { !Self.replaced.contains($0.key) }
        variables["CNI_COMMAND"] = invocation.command.rawValue
        variables["CNI_PATH"] = invocation.pluginPath.joined(separator: ":")
        if invocation.command.isAboutAttachment {
            variables["CNI_CONTAINERID"] = invocation.containerID
            variables["CNI_NETNS"] = invocation.networkNamespace ?? ""
            variables["CNI_IFNAME"] = invocation.interfaceName
            variables["CNI_ARGS"] = invocation.arguments.description
        }
        self.environment = variables
    }

    private static let replaced: Set<String> = [
        "CNI_COMMAND", "CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_ARGS", "CNI_PATH",
    ]

    /// How a delegate's process ended.
    package enum Ending: Sendable, Equatable {
        /// It returned this status, 0 for success.
        case exited(Int)
        /// It was ended by this signal.
        case killed(signal: Int)
    }

    /// What it answered.
    ///
    /// - Parameters:
    ///   - ending: How it ended.
    ///   - output: Its standard output: the result or the error object.
    ///   - diagnostics: Its standard error, which is the message if it fails and says nothing on standard output.
    /// - Returns: The result of an ADD; `nil` if it printed nothing or `null`, and always for other commands.
    /// - Throws: ``CNIError`` the delegate's own, code and message untouched; code 6 if its output is not to be read;
    ///   code 999 if it failed without an error object.
    package func outcome(
        _ ending: Ending,
        output: [UInt8],
        diagnostics: [UInt8]
    ) throws(CNIError) -> CNIResult? {
        guard ending == .exited(0) else { throw Self.failure(ending, output, diagnostics) }
        guard command == .add, !Self.isBlank(output) else { return nil }
        let value: JSONValue
        do {
            value = try JSONValue(parsing: output)
        } catch {
            throw CNIError(.cannotDecode, "the delegate's result is not JSON: \(error)")
        }
        return value == .null ? nil : try CNIResult(value, assumedVersion: version)
    }

    private static func failure(_ ending: Ending, _ output: [UInt8], _ diagnostics: [UInt8]) -> CNIError {
        if !isBlank(output), let value = try? JSONValue(parsing: output), let error = CNIError(value) {
            // What cannot be parsed is put into the message below, so the parser's own error adds nothing.
            return error
        }
        let how =
            switch ending {
            case .exited(let status): "exit status \(status)"
            case .killed(let signal): "signal \(signal)"
            }
        let said = isBlank(output) ? diagnostics : output
        let text = String(decoding: said.prefix(messageLimit), as: UTF8.self)
        let message = isBlank(said) ? "the delegate failed without a message (\(how))" : trimmed(text)
        return CNIError(.unclassified, message, details: how)
    }

    private static func isBlank(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) }
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// In bytes; guards the runtime's log against a delegate that prints without end.
    private static let messageLimit = 4096
}
