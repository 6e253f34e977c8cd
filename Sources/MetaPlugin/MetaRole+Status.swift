import AttachmentStore
import CNI
import Delegates
import JSON
import LinuxSystem

extension MetaRole {
    /// Whether an ADD could be served, judged by what is on the host.
    ///
    /// The daemon does not count: while it restarts, pods that ask for no further network still start, and the others
    /// get "try again later".
    ///
    /// - Throws: ``CNIError`` code 50, or the default network's own error if its plugins judge themselves.
    func status() throws(CNIError) {
        do throws(CNIError) {
            try system("state directory") { () throws(SystemError) in try state.create() }
            let network = try configuration.loadDefaultNetwork().network
            try judge(network)
        } catch {
            let isJudgement = error.code == .pluginUnavailable || error.code == .limitedConnectivity
            throw isJudgement ? error : CNIError(.pluginUnavailable, error.message, details: error.details)
        }
    }

    private func judge(_ network: NetworkConfigurationList) throws(CNIError) {
        var call = invocation
        call.pluginPath = configuration.searchPath(invocation)
        let runner = DelegateRunner(environment: environment, deadline: .after(seconds: Self.statusSeconds))
        for plugin in network.plugins {
            do throws(DelegateFailure) {
                // Earlier versions of the specification have no STATUS; the program's presence is what can be told.
                guard network.version >= .v1_1_0 else {
                    _ = try runner.program(plugin.type, in: call.pluginPath)
                    continue
                }
                _ = try runner.run(type: plugin.type, call, request: network.request(for: plugin))
            } catch {
                throw error.cniError
            }
        }
    }

    private static let statusSeconds: UInt64 = 10
}
