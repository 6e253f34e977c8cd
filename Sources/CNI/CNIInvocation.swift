/// One call of a plugin, as the environment says it.
///
/// - SeeAlso: CNI 1.1.0, "Parameters"
package struct CNIInvocation: Sendable, Equatable {
    /// What is to be done.
    package enum Command: String, Sendable, CaseIterable {
        case add = "ADD"
        case del = "DEL"
        case check = "CHECK"
        case gc = "GC"
        case status = "STATUS"
        case version = "VERSION"

        /// Whether it is about one interface of one container.
        package var isAboutAttachment: Bool { self == .add || self == .del || self == .check }

        /// The first version of the specification that has it.
        package var introduced: CNIVersion {
            switch self {
            case .add, .del, .version: .v0_1_0
            case .check: .v0_4_0
            case .gc, .status: .v1_1_0
            }
        }
    }

    package var command: Command
    /// Empty unless the command is about an attachment.
    package var containerID: String
    /// The path of the pod's network namespace; `nil` if it was not given, which only DEL may do.
    package var networkNamespace: String?
    /// Empty unless the command is about an attachment.
    package var interfaceName: String
    package var arguments: CNIArguments
    /// The directories of `CNI_PATH`, in order.
    package var pluginPath: [String]

    package init(
        command: Command,
        containerID: String,
        networkNamespace: String?,
        interfaceName: String,
        arguments: CNIArguments = CNIArguments(),
        pluginPath: [String] = []
    ) {
        self.command = command
        self.containerID = containerID
        self.networkNamespace = networkNamespace
        self.interfaceName = interfaceName
        self.arguments = arguments
        self.pluginPath = pluginPath
    }

    /// Reads the CNI variables.
    ///
    /// `CNI_PATH` may be missing, as the specification says.
    ///
    /// - Throws: ``CNIError`` code 4 naming every variable that is missing or malformed; code 3 if `CNI_CONTAINERID` is
    ///   there and empty.
    package init(environment: [String: String]) throws(CNIError) {
        guard let word = environment["CNI_COMMAND"], !word.isEmpty else {
            throw CNIError(.invalidEnvironment, "CNI_COMMAND is not set")
        }
        guard let command = Command(rawValue: word) else {
            throw CNIError(.invalidEnvironment, "unknown CNI_COMMAND: \(word)")
        }
        let path = environment["CNI_PATH"] ?? ""
        let directories = path.utf8.split(separator: UInt8(ascii: ":")).map { String(Substring($0)) }
        guard command.isAboutAttachment else {
            self.init(
                command: command,
                containerID: "",
                networkNamespace: nil,
                interfaceName: "",
                pluginPath: directories
            )
            return
        }
        try Self.requireVariables(of: command, in: environment)
        let namespace = environment["CNI_NETNS"] ?? ""
        self.init(
            command: command,
            containerID: environment["CNI_CONTAINERID"] ?? "",
            networkNamespace: namespace.isEmpty ? nil : namespace,
            interfaceName: environment["CNI_IFNAME"] ?? "",
            arguments: try CNIArguments(parsing: environment["CNI_ARGS"] ?? ""),
            pluginPath: directories
        )
        try Self.validate(containerID: containerID)
        try Self.validate(interfaceName: interfaceName)
    }

    private static func requireVariables(
        of command: Command,
        in environment: [String: String]
    ) throws(CNIError) {
        if environment["CNI_CONTAINERID"] == "" { try validate(containerID: "") }
        var required = ["CNI_CONTAINERID", "CNI_IFNAME"]
        if command != .del { required.insert("CNI_NETNS", at: 1) }
        let missing = required.filter { environment[$0, default: ""].isEmpty }
        guard missing.isEmpty else {
            throw CNIError(
                .invalidEnvironment,
                "required environment variables are missing: \(missing.joined(separator: ", "))"
            )
        }
    }

    /// Refuses what the reference library refuses: a letter or digit first, then also `_`, `.` and `-`.
    ///
    /// - Throws: ``CNIError`` code 3 if it is empty, code 4 else.
    package static func validate(containerID: String) throws(CNIError) {
        guard !containerID.isEmpty else { throw CNIError(.unknownContainer, "CNI_CONTAINERID is empty") }
        guard isPlainName(containerID) else {
            throw CNIError(
                .invalidEnvironment,
                "CNI_CONTAINERID \"\(containerID)\" is not a letter or digit followed by letters, digits, _, . and -"
            )
        }
    }

    /// Refuses what the kernel refuses: empty, longer than 15 bytes, `.`, `..`, or with `/`, `:` or white space in it.
    ///
    /// - Throws: ``CNIError`` code 4.
    package static func validate(interfaceName: String) throws(CNIError) {
        let bytes = interfaceName.utf8
        let isForbidden = { (byte: UInt8) in
            [0x2f, 0x3a, 0x20].contains(byte) || (0x09...0x0d).contains(byte) || byte == 0
        }
        guard (1...15).contains(bytes.count), interfaceName != ".", interfaceName != "..",
            !bytes.contains(where: isForbidden)
        else {
            throw CNIError(.invalidEnvironment, "CNI_IFNAME \"\(interfaceName)\" is not a valid interface name")
        }
    }

    /// Refuses a command that the configuration's version does not have.
    ///
    /// - Throws: ``CNIError`` code 1.
    package func requireCommand(in version: CNIVersion) throws(CNIError) {
        guard version >= command.introduced else {
            throw CNIError(
                .incompatibleVersion,
                "config version \(version) does not allow \(command.rawValue), which came with \(command.introduced)"
            )
        }
    }
}

/// Whether a network's name or a container ID is of the reference library's form.
func isPlainName(_ text: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }
    guard let first = text.utf8.first, isAlphanumeric(first) else { return false }
    return text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x5f || $0 == 0x2e || $0 == 0x2d }
}
