package import KubernetesAPI
import LinuxSystem
package import Logging
package import NodeProtocol

/// A directory of manifests as the source of pods and networks, for a machine without Kubernetes.
///
/// The files are read again at every question, so that an edit counts for the very next pod; they are few and small. What
/// is wrong with them is told when it is first seen, by ``watch(every:)`` at the latest. The network status of a pod is
/// written to `<status directory>/<namespace>_<name>.json`, the text the annotation would have; `_` occurs in no
/// namespace, so no two pods share a file.
package actor ManifestDirectory: ClusterSource {
    private var folder: ManifestFolder
    private let statusDirectory: String
    private let logger: Logger

    /// Reads the directory; one that is not there (yet) is reported to `logger` and has no objects.
    package init(path: String, statusDirectory: String, logger: Logger) {
        self.folder = ManifestFolder(path)
        self.statusDirectory = statusDirectory
        self.logger = logger
    }

    /// The pod that the files describe now.
    package func pod(namespace: String, name: String) -> ObservedPod? {
        refresh()
        return folder.pod(namespace: namespace, name: name)
    }

    /// The network that the files describe now.
    package func network(namespace: String, name: String) -> NetworkAttachmentDefinition? {
        refresh()
        return folder.network(namespace: namespace, name: name)
    }

    /// Reads what has changed, and tells the log what is wrong with it.
    package func refresh() {
        let before = folder.problems
        guard folder.reload() else { return }
        let (pods, networks) = folder.counts
        logger.info(
            "manifests read",
            metadata: ["path": "\(folder.path)", "pods": "\(pods)", "networks": "\(networks)"]
        )
        for problem in folder.problems where !before.contains(problem) {
            logger.error("manifest not usable, what it said before stays", metadata: ["problem": "\(problem)"])
        }
    }

    /// Reads the directory now and again after each `interval`, until the task is cancelled.
    package func watch(every interval: Duration) async {
        while !Task.isCancelled {
            refresh()
            // Cancellation ends the loop above.
            try? await Task.sleep(for: interval)
        }
    }

    /// Writes the pod's status file, or removes it.
    ///
    /// - Throws: ``PublishingError`` if the file cannot be written, or for a name that no pod can have.
    package func publish(networkStatus: String?, of pod: PodReference) throws(PublishingError) {
        guard ObjectMetadata.isLabel(pod.namespace), ObjectMetadata.isSubdomain(pod.name) else {
            throw PublishingError(pod: pod, reason: "no name of a pod")
        }
        let path = "\(statusDirectory)/\(pod.namespace)_\(pod.name).json"
        do throws(SystemError) {
            guard let networkStatus else {
                try File.remove(path)
                return
            }
            try Directory.create(statusDirectory)
            try File.write(Array(networkStatus.utf8) + [0x0a], to: path, mode: 0o644, isDurable: false)
        } catch {
            throw PublishingError(pod: pod, reason: "\(error)")
        }
    }
}
