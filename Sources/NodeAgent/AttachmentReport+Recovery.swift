import AttachmentStore
import Attachments
import NodeProtocol
import PCI

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
                    id: record.planID ?? record.interfaceName,
                    network: record.network,
                    interfaceName: record.interfaceName,
                    isDefault: record.isDefault,
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
