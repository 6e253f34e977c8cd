import HardwareConfiguration
import JSON
import LinuxSystem
import ResourcePools
import YAMLDocuments

/// One file of `hwconfig/`, or the incumbent's `config.json`, read whole.
struct ConfigurationFile {
    let path: String
    let document: HardwareDocument
    let pools: PoolList

    /// Reads a file and everything that is wrong with it.
    ///
    /// - Throws: ``Complaint`` with one line for each problem; ``SystemError`` if it cannot be read.
    init(_ path: String) throws {
        guard let text = String(validating: try File.read(path, limit: Self.sizeLimit), as: UTF8.self) else {
            throw Complaint("\(path) is not text in UTF-8")
        }
        var problems: [DocumentProblem] = []
        var document = HardwareDocument()
        do {
            document = try HardwareDocument(reading: try YAMLText.document(text))
        } catch let error as YAMLSyntaxError {
            throw Complaint("\(path): \(error)")
        } catch let error as HardwareDocumentError {
            problems = error.problems
            document = error.readable
        }
        let (pools, poolProblems) = PoolList.read(.array(document.pools), at: document.poolsKey)
        problems += poolProblems
        guard problems.isEmpty else {
            throw Complaint(problems.map { "\(path): \($0)" }.joined(separator: "\n       "))
        }
        self.path = path
        self.document = document
        self.pools = pools
    }

    /// Far more than any machine needs.
    private static let sizeLimit = 1_048_576
}
