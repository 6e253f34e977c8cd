package import HardwareConfiguration
import JSON
import LinuxSystem
package import ResourcePools

/// A configuration: a file of `hwconfig/`, or the incumbent device plugin's `config.json`.
package struct HardwareFile: Sendable {
    package let document: HardwareDocument
    package let pools: PoolList

    /// Reads a file.
    ///
    /// - Throws: ``HardwareFileError`` with everything that is wrong with it.
    package init(_ path: String) throws(HardwareFileError) {
        let value: JSONValue
        do {
            guard let text = String(validating: try File.read(path, limit: Self.sizeLimit), as: UTF8.self) else {
                throw HardwareFileError(path: path, problems: ["not UTF-8"])
            }
            value = try YAMLText.document(text)
        } catch let error as HardwareFileError {
            throw error
        } catch {
            throw HardwareFileError(path: path, problems: ["\(error)"])
        }
        var problems: [DocumentProblem] = []
        do throws(HardwareDocumentError) {
            document = try HardwareDocument(reading: value)
        } catch {
            problems = error.problems
            document = error.readable
        }
        let read = PoolList.read(.array(document.pools), at: document.poolsKey)
        problems += read.problems
        guard problems.isEmpty else { throw HardwareFileError(path: path, problems: problems.map(\.description)) }
        pools = read.list
    }

    /// In bytes; far more than any machine needs.
    private static let sizeLimit = 1 << 20
}

/// A configuration cannot be used.
package struct HardwareFileError: Error, Equatable, Sendable, CustomStringConvertible {
    package var path: String
    /// At least one, each with its place.
    package var problems: [String]

    package var description: String { problems.map { "\(path): \($0)" }.joined(separator: "\n") }
}
