package import AttachmentStore
package import Attachments
package import JSON
import LinuxSystem
import NodeProtocol
import PCI

extension StateDirectory {
    /// What the plugin answered for an attachment of a journal; `nil` as long as it has not.
    ///
    /// The CNI program keeps the answers of a pod's networks beside the journal, in the reference library's format:
    /// `results/<network name>-<container ID>-<interface>`; an answer of its own role stands in the journal itself.
    package func result(of record: AttachmentRecord, containerID: String) -> JSONValue? {
        if let result = record.result { return result }
        let path = "\(path)/results/\(record.networkName)-\(containerID)-\(record.interfaceName)"
        // Not there yet, or not readable, which is as good: it is not needed to undo anything.
        guard let bytes = try? File.read(path, limit: NodeWire.messageLimit),
            let document = try? JSONValue(parsing: bytes)
        else { return nil }
        return document["result"]
    }
}

extension AttachmentReport {
    /// The report that a journal stands for, should the CNI program's own not have arrived.
    ///
    /// Its sequence is below every real one. There is none for a journal without a pod's name, or with an attachment that
    /// is not answered.
    init?(recovering journal: Journal, from state: StateDirectory) {
        guard !journal.pod.name.isEmpty, !journal.pod.namespace.isEmpty, !journal.attachments.isEmpty else {
            return nil
        }
        var attachments: [ReportedAttachment] = []
        for record in journal.attachments {
            guard let result = state.result(of: record, containerID: journal.containerID) else { return nil }
            attachments.append(
                ReportedAttachment(
                    id: record.others["planID"]?.string ?? record.interfaceName,
                    network: record.network,
                    interfaceName: record.interfaceName,
                    isDefault: record.others["default"] == true,
                    result: result,
                    deviceID: record.function.map { $0.address.description } ?? record.deviceID
                )
            )
        }
        self.init(
            containerID: journal.containerID,
            sequence: 0,
            event: .added,
            pod: PodReference(
                namespace: journal.pod.namespace,
                name: journal.pod.name,
                uid: journal.pod.uid.isEmpty ? nil : journal.pod.uid
            ),
            attachments: attachments
        )
    }
}
