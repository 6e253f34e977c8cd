package import CNI
package import JSON

/// A plugin that is part of this program and is called where another would be executed.
package typealias OwnPlugin = (_ plugin: NetworkConfiguration, _ request: JSONValue) throws(CNIError) -> CNIResult?

extension DelegateRunner {
    /// Attaches a network: its plugins in order, each with the result of the one before.
    ///
    /// - Parameters:
    ///   - network: The plugins, already complete.
    ///   - invocation: An ADD.
    ///   - runtimeConfig: What is handed to plugins that declare the capability.
    ///   - own: Plugins called instead of executed, by type.
    /// - Returns: The last plugin's result; `nil` if none printed any.
    /// - Throws: ``DelegateFailure`` of the first plugin that failed; those after it have not run, and what the others
    ///   made is still there.
    package func add(
        _ network: NetworkConfigurationList,
        _ invocation: CNIInvocation,
        runtimeConfig: JSONObject = JSONObject(),
        own: [String: OwnPlugin] = [:]
    ) throws(DelegateFailure) -> CNIResult? {
        var result: CNIResult?
        for plugin in network.plugins {
            let request = network.request(
                for: plugin,
                previousResult: try encoded(result, for: network),
                runtimeConfig: runtimeConfig
            )
            // A plugin that prints nothing has not taken back what the one before it said.
            result = try step(plugin, invocation, request, own) ?? result
        }
        return result
    }

    /// Detaches a network: its plugins from the last to the first, each whatever became of the others.
    ///
    /// - Parameters:
    ///   - network: The plugins as they were attached.
    ///   - invocation: A DEL.
    ///   - result: What the ADD answered, if that is known; given to plugins of version 0.4.0 and later.
    ///   - runtimeConfig: What was handed over at ADD.
    ///   - own: Plugins called instead of executed, by type.
    /// - Returns: What failed, in the order it was tried; empty if all of it is gone.
    package func delete(
        _ network: NetworkConfigurationList,
        _ invocation: CNIInvocation,
        result: CNIResult?,
        runtimeConfig: JSONObject = JSONObject(),
        own: [String: OwnPlugin] = [:]
    ) -> [DelegateFailure] {
        // A result that its version cannot express was never printed: a plugin must cope without one (CNI 1.1.0, DEL).
        let previous = network.version >= .v0_4_0 ? try? encoded(result, for: network) : nil
        var failures: [DelegateFailure] = []
        for plugin in network.plugins.reversed() {
            let request = network.request(for: plugin, previousResult: previous, runtimeConfig: runtimeConfig)
            do throws(DelegateFailure) {
                _ = try step(plugin, invocation, request, own)
            } catch {
                failures.append(error)
            }
        }
        return failures
    }

    private func step(
        _ plugin: NetworkConfiguration,
        _ invocation: CNIInvocation,
        _ request: JSONValue,
        _ own: [String: OwnPlugin]
    ) throws(DelegateFailure) -> CNIResult? {
        guard let called = own[plugin.type] else {
            return try run(type: plugin.type, invocation, request: request)
        }
        do throws(CNIError) {
            return try called(plugin, request)
        } catch {
            throw .refused(type: plugin.type, error)
        }
    }

    private func encoded(
        _ result: CNIResult?,
        for network: NetworkConfigurationList
    ) throws(DelegateFailure) -> JSONValue? {
        guard let result else { return nil }
        do throws(CNIError) {
            return try result.json(version: network.version)
        } catch {
            throw .invalidCall(error)
        }
    }
}
