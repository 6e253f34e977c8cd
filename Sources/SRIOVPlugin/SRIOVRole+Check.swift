import AttachmentStore
import Attachments
package import CNI
package import JSON
import LinuxSystem

extension SRIOVRole {
    /// Compares an attachment with its record, and has the address plugin do the same.
    ///
    /// - Parameter input: What came on standard input; the journal is believed before it.
    /// - Throws: ``CNIError`` code 3 if nothing is recorded, code 100 naming every difference, or the address plugin's own.
    package func check(_ input: [UInt8]) throws(CNIError) {
        let request = try Self.document(input)
        let name = invocation.interfaceName
        let found: [String] = try report { () throws(SRIOVError) in
            guard let journal = try records(host.state.journal(containerID: invocation.containerID)),
                let attachment = journal.attachment(interfaceName: name)
            else { throw .answer(CNIError(.unknownContainer, "nothing is recorded of \(place)")) }
            return try host.differences(of: attachment, in: journal)
        }
        guard found.isEmpty else {
            throw CNIError(Self.differs, "\(place) is not as it was made: \(found.joined(separator: "; "))")
        }
        try report { () throws(SRIOVError) in try host.askAddressPlugin(request, invocation) }
    }

    /// Whether an ADD could be served: records can be written, the kernel answers, the address plugin says so too.
    ///
    /// - Parameters:
    ///   - invocation: The call.
    ///   - input: The configuration, which names no function.
    ///   - environment: Where records are kept, if not in the standard places.
    /// - Throws: ``CNIError`` code 50, or the address plugin's own judgement.
    package static func status(
        _ invocation: CNIInvocation,
        _ input: [UInt8],
        environment: [String: String]
    ) throws(CNIError) {
        let request = try document(input)
        do throws(CNIError) {
            try report { () throws(SRIOVError) in
                let host = try FunctionHost(environment: environment, deadline: .after(seconds: statusSeconds))
                try system(host.state.requireWritable())
                try host.askAddressPlugin(request, invocation)
            }
        } catch {
            let isJudgement = error.code == .pluginUnavailable || error.code == .limitedConnectivity
            throw isJudgement ? error : CNIError(.pluginUnavailable, error.message, details: error.details)
        }
    }

    /// Undoes the attachments of the network that the runtime does not count as its own, then has the address plugin do so.
    ///
    /// - Parameters:
    ///   - invocation: The call.
    ///   - input: The configuration, with the attachments that are to stay.
    ///   - environment: Where records are kept, if not in the standard places.
    /// - Throws: ``CNIError`` naming all that could not be undone; code 7 if the list is malformed.
    package static func collectGarbage(
        _ invocation: CNIInvocation,
        _ input: [UInt8],
        environment: [String: String]
    ) throws(CNIError) {
        let request = try document(input)
        let valid = try ValidAttachments(request)
        guard let network = request["name"]?.string, !network.isEmpty else {
            throw CNIError(.invalidConfiguration, "name: missing")
        }
        try report { () throws(SRIOVError) in
            let host = try FunctionHost(environment: environment, deadline: .after(seconds: garbageSeconds))
            let outcomes = try host.reconcile(network: network, keeping: valid, pluginPath: invocation.pluginPath)
            var failures = outcomes.filter { !$0.failures.isEmpty }.map(\.description)
            do throws(SRIOVError) {
                try host.askAddressPlugin(request, invocation)
            } catch {
                failures.append(error.cniError.message)
            }
            guard failures.isEmpty else {
                throw .answer(CNIError(.tryAgainLater, failures.joined(separator: "; ")))
            }
        }
    }

    private var place: String { "interface \(invocation.interfaceName) of container \(invocation.containerID)" }

    /// A plugin's own code, from 100 on: the attachment is there and differs.
    private static let differs = CNIError.Code(rawValue: 100)
    private static let statusSeconds: UInt64 = 10
    private static let garbageSeconds: UInt64 = 90
}

/// The attachments that a runtime counts as living.
///
///     "cni.dev/valid-attachments":[{"containerID":"4f…","ifname":"net1"}]
///
/// Releases of the specification disagreed about the member's name; the newer one is believed before `cni.dev/attachments`.
///
/// - SeeAlso: CNI 1.1.0, "GC", and its correction in the library's v1.2.3
package struct ValidAttachments: Equatable, Sendable {
    /// One of them.
    package struct Key: Hashable, Sendable {
        package var containerID: String
        package var interfaceName: String

        package init(containerID: String, interfaceName: String) {
            self.containerID = containerID
            self.interfaceName = interfaceName
        }
    }

    package let keys: Set<Key>

    /// Reads the list of a GC.
    ///
    /// - Throws: ``CNIError`` code 7 if there is none or an element is malformed: a list that is not understood must not
    ///   be taken for an empty one, which would undo everything.
    package init(_ request: JSONValue) throws(CNIError) {
        let names = ["cni.dev/valid-attachments", "cni.dev/attachments"]
        guard let name = names.first(where: { request[$0] != nil }), let list = request[name]?.array else {
            throw CNIError(.invalidConfiguration, "\(names[0]): missing, or no list")
        }
        var keys: Set<Key> = []
        for (index, element) in list.enumerated() {
            guard let containerID = element["containerID"]?.string, let interfaceName = element["ifname"]?.string else {
                throw CNIError(.invalidConfiguration, "\(name)[\(index)]: needs containerID and ifname")
            }
            keys.insert(Key(containerID: containerID, interfaceName: interfaceName))
        }
        self.keys = keys
    }
}
