package import Attachments
import LinuxSystem
package import PCI

extension StateDirectory {
    /// The state a function returns to; `nil` if none was seen or declared.
    ///
    /// - Throws: ``StoreError``.
    package func baseline(_ address: PCIAddress) throws(StoreError) -> Baseline? {
        let file = baselinePath(address)
        guard let bytes = try stored(file) else { return nil }
        do throws(JournalError) {
            return try Baseline(parsing: bytes)
        } catch {
            throw .damaged(path: file, error)
        }
    }

    /// Keeps a baseline, under the function's lock; a learned one need not outlive a power cut, because it holds for this boot only.
    ///
    /// - Throws: ``StoreError/system(_:)``.
    package func write(_ baseline: Baseline) throws(StoreError) {
        do throws(SystemError) {
            try File.removeRemnants(of: baselinePath(baseline.address))
            try File.write(
                baseline.serialized(),
                to: baselinePath(baseline.address),
                isDurable: baseline.isDeclared
            )
        } catch {
            throw .system(error)
        }
    }

    private func baselinePath(_ address: PCIAddress) -> String {
        "\(path)/baseline/\(Baseline.fileName(address))"
    }
}
