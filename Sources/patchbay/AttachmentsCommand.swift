import ArgumentParser
import AttachmentStore
import Attachments
import Glibc
import JSON
import LinuxSystem
import NodeSurvey
import PCI

/// `patchbay attachments`: which pod has which interface, by the journals on this node.
struct AttachmentsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attachments",
        abstract: "Lists the interfaces that pods of this node have, and the devices behind them.",
        discussion: "Reads the journals in the state directory; patchbayd need not run."
    )

    @Argument(help: ArgumentHelp("Only of this pod, [namespace/]name.", valueName: "pod"))
    var pod: String?

    @Flag(help: "Print everything that is known, as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Where the journals are.", valueName: "dir"))
    var state = StateDirectory(environment: Environment.variables()).path

    func run() throws {
        let entries = try read()
        let journals = try entries.compactMap { entry -> JournalView? in
            guard case .journal(let journal) = entry else { return nil }
            return JournalView(
                journal: journal,
                state: StateDirectory(state),
                isLive: try FunctionClaims.isLive(journal, bootID: try Boot.id())
            )
        }.filter { $0.isOf(pod) }.sorted { $0.sortKey < $1.sortKey }
        let damaged = entries.compactMap { entry -> String? in
            guard case .damaged(let containerID, let error) = entry else { return nil }
            return "The journal of container \(containerID) cannot be read: \(error)"
        }
        guard !json else {
            let value: JSONValue = [
                "containers": .array(journals.map(\.json)), "damaged": .array(damaged.map(JSONValue.string)),
            ]
            return try Terminal.write(String(decoding: value.serializedForReading(), as: UTF8.self))
        }
        var table = Table([
            Table.Column("POD"), Table.Column("CONTAINER"), Table.Column("INTERFACE"), Table.Column("NETWORK"),
            Table.Column("ADDRESS"), Table.Column("DEVICE"), Table.Column("STATE"),
        ])
        for view in journals { for row in view.rows { table.add(row) } }
        if !table.isEmpty { try Terminal.writeLines(table.lines()) }
        let remarks = damaged + remarks(journals)
        if !remarks.isEmpty { try Terminal.writeLines((table.isEmpty ? [] : [""]) + remarks) }
    }

    private func read() throws -> [StateDirectory.Entry] {
        do throws(SystemError) {
            return try StateDirectory(state).entries()
        } catch {
            guard error.errno == EACCES else { throw Complaint("\(error)") }
            throw Complaint("\(error.subject) is root's alone; try again as root")
        }
    }

    private func remarks(_ journals: [JournalView]) -> [String] {
        if journals.isEmpty {
            return [pod.map { "Pod \($0) has no attachment here." } ?? "No pod of this node has an attachment."]
        }
        guard journals.contains(where: { !$0.isLive }) else { return [] }
        return ["What is abandoned is returned by patchbayd within seconds; without it: patchbay-cni reconcile"]
    }
}

/// One container's journal as a person wants to see it.
private struct JournalView {
    let journal: Journal
    let state: StateDirectory
    /// Whether the namespace is still there.
    let isLive: Bool

    /// Pods by name, then the container, so that two sandboxes of a pod stand together.
    var sortKey: String { "\(journal.pod.label ?? "~") \(journal.containerID)" }

    func isOf(_ pod: String?) -> Bool {
        guard let pod else { return true }
        return journal.pod.label == (pod.contains("/") ? pod : "default/\(pod)")
    }

    var rows: [[String]] {
        journal.attachments.map { attachment in
            [
                journal.pod.label ?? "-", String(journal.containerID.prefix(13)), attachment.interfaceName,
                attachment.network, addresses(of: attachment).joined(separator: ","), attachment.device ?? "",
                state(of: attachment),
            ]
        }
    }

    private func state(of attachment: AttachmentRecord) -> String {
        guard isLive else { return "abandoned" }
        return result(of: attachment) == nil ? "in progress" : "attached"
    }

    private func addresses(of attachment: AttachmentRecord) -> [String] {
        let result = result(of: attachment)
        // Before CNI 0.3.0 each family had a member of its own.
        let old = ["ip4", "ip6"].compactMap { result?[$0]?["ip"]?.string }
        return (result?["ips"]?.array ?? []).compactMap { $0["address"]?.string } + old
    }

    private func result(of attachment: AttachmentRecord) -> JSONValue? {
        state.result(of: attachment, containerID: journal.containerID)
    }

    var json: JSONValue {
        [
            "containerID": .string(journal.containerID), "namespacePath": .string(journal.sandbox.path),
            "namespaceIsThere": .bool(isLive),
            "pod": [
                "namespace": .string(journal.pod.namespace), "name": .string(journal.pod.name),
                "uid": .string(journal.pod.uid),
            ],
            "attachments": .array(
                journal.attachments.map { attachment in
                    var object: JSONObject = [
                        "interface": .string(attachment.interfaceName), "network": .string(attachment.network),
                        "state": .string(state(of: attachment)),
                    ]
                    object["device"] = attachment.device.map(JSONValue.string)
                    object["resource"] = attachment.resourceName.map(JSONValue.string)
                    object["result"] = result(of: attachment)
                    return .object(object)
                }
            ),
        ]
    }
}

extension AttachmentRecord {
    /// The hardware behind it: the function that was moved, else the device a delegate was told.
    fileprivate var device: String? { function.map { $0.address.description } ?? deviceID }
}
