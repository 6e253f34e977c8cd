import ArgumentParser
import AttachmentStore
import JSON
import LinuxSystem
import NodeProtocol
import NodeSurvey
import YAMLDocuments

/// `patchbay pools`: what kubelet is offered, and who has it.
struct PoolsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pools",
        abstract: "Lists the pools of this node, their devices, and which pods have them.",
        discussion: """
            Asks patchbayd. Where it is not running, --config says what it would offer; who has what is then not known.
            """
    )

    @Option(help: ArgumentHelp("The configuration to go by if patchbayd is not running.", valueName: "file"))
    var config: String?

    @Flag(help: "Print everything that is known, as JSON.")
    var json = false

    @Option(help: ArgumentHelp("Where patchbayd answers.", valueName: "socket"))
    var socket = NodeWire.socketPath

    @Option(help: ArgumentHelp("Where sysfs is mounted.", valueName: "root"))
    var sysfs = "/sys"

    func run() throws {
        if case .pools(let pools)? = try DaemonQuestion(socketPath: socket).ask(.pools) {
            return try show(pools, isLive: true)
        }
        guard let config else {
            throw Complaint(
                "patchbayd is not running (nobody answers at \(socket)); patchbay pools --config FILE shows what it would offer"
            )
        }
        try show(try offline(config), isLive: false)
    }

    /// What the daemon would offer now.
    private func offline(_ path: String) throws -> [PoolStatus] {
        let state = StateDirectory(environment: Environment.variables())
        let pools = try HardwareFile(forPerson: path).pools
        return try NodeObserver.lookOnce(sysfs: sysfs, state: state).statuses(of: pools)
    }

    private func show(_ pools: [PoolStatus], isLive: Bool) throws {
        guard !json else {
            let value: JSONValue = ["live": .bool(isLive), "pools": .array(pools.map { .object($0.json) })]
            return try Terminal.write(String(decoding: value.serializedForReading(), as: UTF8.self))
        }
        let table = PoolTable(pools: pools, isLive: isLive)
        if !pools.isEmpty { try Terminal.writeLines(table.lines()) }
        let remarks = table.remarks()
        if !remarks.isEmpty { try Terminal.writeLines((pools.isEmpty ? [] : [""]) + remarks) }
    }
}

/// Pools with their devices below them.
struct PoolTable {
    let pools: [PoolStatus]
    /// Whether the daemon said so, who knows of kubelet and pods.
    let isLive: Bool

    func lines() -> [String] {
        var table = Table([
            Table.Column("RESOURCE"), Table.Column("DEVICES", isNumeric: true),
            Table.Column("HEALTHY", isNumeric: true),
            Table.Column("FREE", isNumeric: true), Table.Column("NUMA", isNumeric: true), Table.Column("KUBELET"),
            Table.Column("POD"), Table.Column("NOTE"),
        ])
        for pool in pools {
            let healthy = pool.devices.filter(\.isHealthy)
            table.add([
                pool.resourceName, String(pool.devices.count), String(healthy.count),
                isLive ? String(healthy.count { $0.allocatedTo == nil }) : "", "",
                isLive ? (pool.isRegistered ? "registered" : "not registered") : "",
            ])
            for device in pool.devices {
                table.add(
                    [
                        "  \(device.id)", "", device.isHealthy ? "yes" : "no",
                        isLive ? (device.isHealthy && device.allocatedTo == nil ? "yes" : "") : "",
                        device.numaNode.map(String.init) ?? "", "",
                        device.allocatedTo ?? "", device.reason,
                    ],
                    isDetail: true
                )
            }
        }
        return table.lines()
    }

    /// What follows from the table, if anything: what is wrong, and the next step.
    func remarks() -> [String] {
        if pools.isEmpty { return ["No pools are configured: start patchbayd with --config FILE."] }
        var remarks: [String] = []
        if !isLive {
            remarks.append("patchbayd is not running: this is what it would offer; who has what is not known.")
        }
        for pool in pools where pool.devices.isEmpty {
            remarks.append("\(pool.resourceName) has no device; see patchbay nics.")
        }
        for pool in pools where isLive && !pool.isRegistered {
            remarks.append(
                "\(pool.resourceName) is not registered: "
                    + (pool.refusal.isEmpty ? "kubelet does not answer (is it running?)." : "\(pool.refusal).")
            )
        }
        return remarks
    }
}
