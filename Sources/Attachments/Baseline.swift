import JSON
package import PCI

/// The state a free function returns to.
///
/// The daemon declares it from the hardware configuration; without that the first clean state ever seen is kept, and never
/// overwritten while the function has an owner. A state seen in another boot says nothing: functions are made anew.
///
///     {"schema":1,"address":"0000:01:10.0","bootID":"7b…","isDeclared":false,"state":{…}}
package struct Baseline: Equatable, Sendable {
    /// The version of the layout.
    package static let schema = 1

    package var address: PCIAddress
    /// The boot, and the making of the function within it, in which the state was seen.
    package var bootID: String
    /// Whether somebody declared it; then it holds in every boot.
    package var isDeclared: Bool
    package var state: FunctionState

    package init(address: PCIAddress, bootID: String, isDeclared: Bool = false, state: FunctionState) {
        self.address = address
        self.bootID = bootID
        self.isDeclared = isDeclared
        self.state = state
    }

    /// The name of its file under `<state directory>/baseline`.
    package static func fileName(_ address: PCIAddress) -> String { "\(address).json" }

    /// Whether it says how the function should stand in the boot `bootID`.
    package func holds(inBoot bootID: String) -> Bool { isDeclared || self.bootID == bootID }

    /// What to keep after a function was found free in `state`.
    ///
    /// - Parameters:
    ///   - kept: What the state directory holds.
    ///   - address: The function.
    ///   - state: How it stands now.
    ///   - bootID: This boot.
    /// - Returns: The new baseline; `nil` if what is kept stays as it is.
    package static func learned(
        over kept: Baseline?,
        address: PCIAddress,
        state: FunctionState,
        bootID: String
    ) -> Baseline? {
        guard let kept, kept.holds(inBoot: bootID) else {
            return Baseline(address: address, bootID: bootID, state: state)
        }
        let completed = kept.state.completed(by: state)
        guard completed != kept.state else { return nil }
        var learned = kept
        learned.state = completed
        return learned
    }
}
