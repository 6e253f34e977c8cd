package import AttachmentStore
package import Attachments
import CNI
import JSON
import LinuxSystem
package import Logging
import NetworkSelection
package import NodeProtocol

/// Keeps what the CNI program has reported and sees to it that every pod's network status says so.
///
/// Reports are on disk, one file a container, so that a status that could not be published is published after a restart
/// too. Of one pod only the last sandbox counts.
package actor StatusKeeper {
    private struct Record {
        var report: AttachmentReport
        var isPublished = false
        var arrived = ContinuousClock.now
    }

    private let source: any ClusterSource
    private let directory: String
    private let physicalFunction: @Sendable (String) -> String?
    private let logger: Logger
    /// By container ID.
    private var records: [String: Record] = [:]
    /// Pods whose status is to be taken back and could not be yet.
    private var retractions: Set<PodReference> = []
    /// The last sequence of containers that are gone, so that a report which comes late does not bring them back.
    private var ended: [String: Int] = [:]
    private var endedOrder: [String] = []

    /// Names where reports are kept.
    ///
    /// - Parameters:
    ///   - source: Where statuses are published.
    ///   - directory: Where reports are kept; made when needed.
    ///   - physicalFunction: The PF of a device, for the status.
    ///   - logger: Told what could not be kept or published.
    package init(
        source: any ClusterSource,
        directory: String,
        physicalFunction: @escaping @Sendable (String) -> String? = { _ in nil },
        logger: Logger
    ) {
        self.source = source
        self.directory = directory
        self.physicalFunction = physicalFunction
        self.logger = logger
    }

    /// Every pod's last report, by namespace and name.
    package var reports: [AttachmentReport] {
        records.values.map(\.report).sorted {
            ($0.pod.description, $0.containerID) < ($1.pod.description, $1.containerID)
        }
    }

    /// Reads what was kept by the process before; their statuses are published again by ``publishOutstanding()``.
    package func load() {
        let names: [String]
        do throws(SystemError) {
            names = try Directory.entriesIfPresent(directory) ?? []
        } catch {
            logger.error("reports cannot be read", metadata: ["reason": "\(error)"])
            return
        }
        for name in names where name.hasSuffix(".json") && !name.hasPrefix(".") {
            do {
                let bytes = try File.read("\(directory)/\(name)", limit: NodeWire.messageLimit)
                let report = try AttachmentReport(try JSONValue(parsing: bytes))
                records[report.containerID] = Record(report: report)
            } catch {
                logger.error("a report is not readable", metadata: ["file": "\(name)", "reason": "\(error)"])
            }
        }
    }

    /// Takes a report; one that is not newer than the container's last changes nothing.
    ///
    /// - Returns: Whether the pod's status stands as the report says.
    /// - Throws: ``NodeFailure`` if the report cannot be kept; the reporter tries again.
    package func take(_ report: AttachmentReport) async throws(NodeFailure) -> Bool {
        if let last = records[report.containerID], report.sequence <= last.report.sequence { return last.isPublished }
        if let last = ended[report.containerID], report.sequence <= last { return true }
        switch report.event {
        case .added:
            try keep(report)
            for (id, record) in records where record.report.pod.isSamePod(as: report.pod) && id != report.containerID {
                forget(id)
            }
            records[report.containerID] = Record(report: report)
            retractions.remove(report.pod.withoutUID)
        case .deleted:
            remember(ended: report)
            if records[report.containerID] != nil {
                forget(report.containerID)
                retractions.insert(report.pod.withoutUID)
            }
        }
        await publishOutstanding()
        return report.event == .added
            ? records[report.containerID]?.isPublished ?? false : !retractions.contains(report.pod.withoutUID)
    }

    /// Makes up for reports that did not arrive: the journals tell which pods are attached.
    ///
    /// - Parameters:
    ///   - journals: Every journal of a container that is there, as they were read after `moment`.
    ///   - moment: What was reported later than this is newer than the journals.
    ///   - state: Where the plugins' answers are.
    package func follow(_ journals: [Journal], readAfter moment: ContinuousClock.Instant, in state: StateDirectory)
        async
    {
        let attached = Set(journals.map(\.containerID))
        for (id, record) in records where record.arrived < moment && !attached.contains(id) {
            forget(id)
            retractions.insert(record.report.pod.withoutUID)
        }
        for journal in journals where records[journal.containerID] == nil && ended[journal.containerID] == nil {
            guard let report = AttachmentReport(recovering: journal, from: state) else { continue }
            logger.notice(
                "taken from the journal, no report came",
                metadata: ["pod": "\(report.pod)", "container": "\(report.containerID.prefix(13))"]
            )
            do throws(NodeFailure) {
                _ = try await take(report)
            } catch {
                logger.error("a report cannot be kept", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Publishes what is not published yet; what fails is tried again the next time.
    ///
    /// - Returns: How many are still outstanding.
    @discardableResult
    package func publishOutstanding() async -> Int {
        for pod in retractions {
            if await publish(nil, of: pod) { retractions.remove(pod) }
        }
        for (id, record) in records where !record.isPublished {
            let isPublished = await publish(status(of: record.report), of: record.report.pod)
            // Another report may have come meanwhile.
            if records[id]?.report == record.report { records[id]?.isPublished = isPublished }
        }
        return retractions.count + records.values.count { !$0.isPublished }
    }

    /// Tries again what is outstanding, at longer and longer intervals up to a minute, until the task is cancelled.
    package func keepPublishing() async {
        var pause = Duration.seconds(1)
        while !Task.isCancelled {
            pause = await publishOutstanding() == 0 ? .seconds(1) : min(pause * 2, .seconds(60))
            // Cancellation ends the loop above.
            try? await Task.sleep(for: pause)
        }
    }

    private func publish(_ status: String?, of pod: PodReference) async -> Bool {
        do throws(PublishingError) {
            try await source.publish(networkStatus: status, of: pod)
            return true
        } catch {
            logger.warning("network status not published, will be tried again", metadata: ["reason": "\(error)"])
            return false
        }
    }

    private func status(of report: AttachmentReport) -> String {
        NetworkStatus.text(
            report.attachments.map { attachment in
                NetworkStatus(
                    network: attachment.network,
                    interfaceName: attachment.interfaceName,
                    isDefault: attachment.isDefault,
                    result: result(of: attachment, report.pod),
                    device: attachment.deviceID.map {
                        DeviceInformation(address: $0, physicalFunction: physicalFunction($0))
                    }
                )
            }
        )
    }

    private func result(of attachment: ReportedAttachment, _ pod: PodReference) -> CNIResult? {
        guard let value = attachment.result, value != .null else { return nil }
        do throws(CNIError) {
            return try CNIResult(value, assumedVersion: .v0_1_0)
        } catch {
            logger.warning(
                "a delegate's result is not readable, the status goes without",
                metadata: ["pod": "\(pod)", "network": "\(attachment.network)", "reason": "\(error)"]
            )
            return nil
        }
    }

    private func keep(_ report: AttachmentReport) throws(NodeFailure) {
        guard let path = path(report.containerID) else {
            throw NodeFailure(code: NodeFailure.badRequest, message: "\"\(report.containerID)\" is no container ID")
        }
        do throws(SystemError) {
            try Directory.create(directory)
            // After a power cut there is no sandbox any more either.
            try File.write(JSONValue.object(report.json).serialized(), to: path, isDurable: false)
        } catch {
            throw NodeFailure(
                code: NodeFailure.tryAgainLater,
                message: "the report cannot be kept",
                details: "\(error)"
            )
        }
    }

    private func forget(_ containerID: String) {
        records[containerID] = nil
        guard let path = path(containerID) else { return }
        do throws(SystemError) {
            try File.remove(path)
        } catch {
            logger.error("a report cannot be removed", metadata: ["reason": "\(error)"])
        }
    }

    private func remember(ended report: AttachmentReport) {
        if ended.updateValue(report.sequence, forKey: report.containerID) == nil {
            endedOrder.append(report.containerID)
        }
        guard endedOrder.count > Self.endedLimit else { return }
        ended[endedOrder.removeFirst()] = nil
    }

    /// `nil` for an ID that CNI does not allow and that could lead out of the directory.
    private func path(_ containerID: String) -> String? {
        Journal.fileName(containerID: containerID).map { "\(directory)/\($0)" }
    }

    /// Guards memory on a node where pods come and go for years.
    private static let endedLimit = 4096
}

extension PodReference {
    fileprivate var withoutUID: PodReference { PodReference(namespace: namespace, name: name) }

    fileprivate func isSamePod(as other: PodReference) -> Bool {
        namespace == other.namespace && name == other.name
    }
}
