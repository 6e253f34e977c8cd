package import JSON

/// What a pod asks for cannot be given as it is written.
///
/// Trying again does not help: somebody has to change the pod or the network.
package struct SelectionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// At least one; paths start with the annotation, `k8s.v1.cni.cncf.io/networks[1].mac`.
    package var problems: [DocumentProblem]

    package init(_ problems: [DocumentProblem]) { self.problems = problems }

    package init(_ path: String, _ reason: String) {
        self.problems = [DocumentProblem(path: path, reason: reason)]
    }

    package var description: String { problems.map(\.description).joined(separator: "; ") }
}
