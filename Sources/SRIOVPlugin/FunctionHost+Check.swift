import Addresses
package import Attachments
import CNI
import JSON
import LinuxSystem
import Netlink

extension FunctionHost {
    /// What of an attachment is not as it was made, a sentence each; nothing is changed.
    ///
    /// What later plugins of a chain may add is no difference; what was made and is gone or changed is.
    ///
    /// - Parameters:
    ///   - attachment: Its record, with the result of the ADD.
    ///   - journal: The journal it stands in.
    /// - Returns: The differences; empty if it stands.
    /// - Throws: ``SRIOVError`` if the kernel cannot be asked or the record makes no sense.
    package func differences(of attachment: AttachmentRecord, in journal: Journal) throws(SRIOVError) -> [String] {
        guard let function = attachment.function else { return ["its function was given back"] }
        guard let answer = attachment.result else { return ["its ADD was not finished"] }
        let configuration: SRIOVConfiguration
        let result: CNIResult
        do throws(CNIError) {
            configuration = try SRIOVConfiguration(
                try recordedRequest(attachment),
                arguments: try CNIArguments(parsing: attachment.cniArguments ?? "")
            )
            result = try CNIResult(answer, assumedVersion: configuration.version)
        } catch {
            throw .answer(error)
        }
        let onPF = try settingDifferences(configuration, function)
        guard function.originals.interface != nil else { return onPF }
        guard let sandbox = try open(journal.sandbox, ofBoot: journal.bootID) else {
            return ["namespace \(journal.sandbox.path) is gone"]
        }
        guard let link = try sandbox.interface(of: function.address, named: attachment.interfaceName) else {
            return ["\(function.address) has no interface in \(journal.sandbox.path)"] + onPF
        }
        let inPod = linkDifferences(link, attachment, configuration, result)
        return try inPod + addressDifferences(link, result, sandbox) + routeDifferences(link, result, sandbox) + onPF
    }

    private func settingDifferences(
        _ configuration: SRIOVConfiguration,
        _ function: FunctionRecord
    ) throws(SRIOVError) -> [String] {
        guard let port = try physicalPort(of: device(function.address)) else { return [] }
        let shown = try shownSettings(port)
        let wanted = configuration.wanted(over: function.originals.settings)
        return shown.change(to: wanted).single.map { single in
            "the PF has \(shown.text(where: single)), not \(single.text(where: single))"
        }
    }

    private func linkDifferences(
        _ link: Link,
        _ attachment: AttachmentRecord,
        _ configuration: SRIOVConfiguration,
        _ result: CNIResult
    ) -> [String] {
        var found: [String] = []
        if link.name != attachment.interfaceName {
            found.append("the interface is named \(link.name), not \(attachment.interfaceName)")
        }
        if !link.isUp { found.append("\(link.name) is down") }
        let mac = link.address?.mac?.description ?? "none"
        // Versions of the specification before 0.3.0 know no interfaces in a result.
        if let made = result.interfaces.first?.mac, made != mac {
            found.append("the MAC address is \(mac), not \(made)")
        }
        if let mtu = configuration.mtu, mtu != link.mtu { found.append("the MTU is \(link.mtu), not \(mtu)") }
        return found
    }

    private func addressDifferences(
        _ link: Link,
        _ result: CNIResult,
        _ sandbox: SandboxNetwork
    ) throws(SRIOVError) -> [String] {
        guard !result.ips.isEmpty else { return [] }
        let present = try kernel(sandbox.socket.addresses(ofLink: link.index)).map(\.prefix)
        return result.ips.map(\.address).filter { !present.contains($0) }.map { "address \($0) is missing" }
    }

    private func routeDifferences(
        _ link: Link,
        _ result: CNIResult,
        _ sandbox: SandboxNetwork
    ) throws(SRIOVError) -> [String] {
        let interface = PodInterface(index: link.index, name: link.name, mac: link.address?.mac ?? .zero, mtu: link.mtu)
        var missing: [String] = []
        for listed in result.routes {
            let route = Route(listed, over: interface, gateways: result.ips)
            let present = try kernel(sandbox.socket.routes(route.destination.address.family, table: route.table))
            // Metrics and priorities have defaults that the kernel fills in.
            let isThere = present.contains {
                $0.destination == route.destination && $0.interfaceIndex == link.index && $0.gateway == route.gateway
            }
            if !isThere { missing.append("route to \(route.destination) is missing") }
        }
        return missing
    }
}

extension FunctionSettings {
    /// The settings that `filter` says something about, as `ip link` names them.
    fileprivate func text(where filter: FunctionSettings) -> String {
        func shown<Value>(_ name: String, _ asked: Value?, _ text: String?) -> [String] {
            asked == nil ? [] : ["\(name) \(text ?? "unknown")"]
        }
        func onOff(_ value: Bool?) -> String? { value.map { $0 ? "on" : "off" } }
        let tag = vlan.map { "\($0.identifier) qos \($0.priority) proto \($0.tagProtocol.rawValue)" }
        let rates = rate.map { "\($0.minimumMbps) to \($0.maximumMbps) Mbit/s" }
        let words =
            shown("MAC address", filter.administrativeMAC, administrativeMAC?.description)
            + shown("vlan", filter.vlan, tag) + shown("spoofchk", filter.checksSource, onOff(checksSource))
            + shown("trust", filter.isTrusted, onOff(isTrusted))
            + shown("link state", filter.linkState, linkState?.rawValue) + shown("rates", filter.rate, rates)
        return words.joined(separator: ", ")
    }
}
