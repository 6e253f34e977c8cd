import Attachments
import CNI
import LinuxSystem
import NodeClient
import NodeProtocol

extension MetaRole {
    /// What the pod gets beside the default network; `nil` if it certainly gets nothing.
    ///
    /// - Throws: ``CNIError`` code 11 if the daemon does not answer in time; the daemon's own error; code 4 if the runtime
    ///   does not say which pod it is.
    func askForPlan(until deadline: Deadline) throws(CNIError) -> AttachmentPlan? {
        guard !configuration.isDefaultNetworkEnough else { return nil }
        let request = PlanRequest(
            containerID: invocation.containerID,
            networkNamespace: invocation.networkNamespace ?? "",
            interfaceName: invocation.interfaceName,
            pod: try podReference(),
            annotations: configuration.annotations
        )
        let answer: NodeAnswer
        do throws(DaemonSilence) {
            answer = try daemon.insist(.plan(request), until: deadline)
        } catch {
            throw CNIError(
                .tryAgainLater,
                "the pod may ask for further networks and patchbayd, who knows, does not answer: \(error)"
            )
        }
        switch answer {
        case .plan(let plan): return plan
        case .failure(let failure): throw CNIError(failure)
        default: throw CNIError(.tryAgainLater, "patchbayd answered another question than the one for a plan")
        }
    }

    /// The pod, as the runtime names it.
    private func podReference() throws(CNIError) -> PodReference {
        let names = ["K8S_POD_NAMESPACE", "K8S_POD_NAME"]
        let missing = names.filter { (invocation.arguments[$0] ?? "").isEmpty }
        guard missing.isEmpty else {
            throw CNIError(.invalidEnvironment, "CNI_ARGS does not name the pod: \(missing.joined(separator: ", "))")
        }
        return PodReference(
            namespace: invocation.arguments[names[0]] ?? "",
            name: invocation.arguments[names[1]] ?? "",
            uid: invocation.arguments["K8S_POD_UID"].flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    /// The pod for the journal, each part empty if nobody said.
    func podIdentity(_ plan: AttachmentPlan?) -> PodIdentity {
        let uid = invocation.arguments["K8S_POD_UID"] ?? ""
        return PodIdentity(
            namespace: invocation.arguments["K8S_POD_NAMESPACE"] ?? "",
            name: invocation.arguments["K8S_POD_NAME"] ?? "",
            uid: uid.isEmpty ? plan?.podUID ?? "" : uid
        )
    }

    /// Tells the daemon what the pod has become.
    ///
    /// It is waited for a second, so that the pod's status stands before its containers start. A daemon that does not
    /// answer finds the journal when it is back, so this never fails.
    func report(
        _ event: AttachmentReport.Event,
        _ attachments: [ReportedAttachment],
        of pod: PodIdentity
    ) {
        guard !pod.name.isEmpty else { return }
        let report = AttachmentReport(
            containerID: invocation.containerID,
            // Grows within a boot, and no container outlives one.
            sequence: Int(truncatingIfNeeded: MonotonicClock.now() >> 1),
            event: event,
            pod: PodReference(namespace: pod.namespace, name: pod.name, uid: pod.uid.isEmpty ? nil : pod.uid),
            attachments: attachments
        )
        do throws(DaemonSilence) {
            let answer = try daemon.ask(.report(report), until: .after(milliseconds: Self.reportMilliseconds))
            if case .failure(let failure) = answer { note("patchbayd refused the report: \(failure)") }
        } catch {
            // A pod without further networks needs no daemon, so its absence is nothing to talk about.
            if attachments.count > 1 { note("patchbayd did not take the report: \(error)") }
        }
    }

    private static let reportMilliseconds: UInt64 = 1000
}

extension CNIError {
    /// The daemon's error; a code that CNI cannot express is unclassified.
    fileprivate init(_ failure: NodeFailure) {
        let code = UInt32(exactly: failure.code).flatMap { $0 == 0 ? nil : Code(rawValue: $0) } ?? .unclassified
        self.init(code, failure.message, details: failure.details)
    }
}
