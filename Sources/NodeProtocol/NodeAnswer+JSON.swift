package import JSON

extension NodeAnswer {
    /// The JSON text to send.
    ///
    ///     {"version":1,"release":"0.1.0","answer":"plan","body":{"podUID":"…","attachments":[…]}}
    ///     {"version":1,"release":"0.1.0","error":{"code":11,"msg":"…","details":"…"}}
    package func message() -> [UInt8] {
        var envelope: JSONObject = [
            "version": .number(JSONNumber(NodeWire.version)), "release": .string(NodeWire.release),
        ]
        switch self {
        case .plan(let plan): envelope.setAnswer("plan", .object(plan.json))
        case .reported(let isPublished): envelope.setAnswer("report", ["published": .bool(isPublished)])
        case .pools(let pools): envelope.setAnswer("pools", ["pools": .array(pools.map { .object($0.json) })])
        case .attachments(let reports):
            envelope.setAnswer("attachments", ["reports": .array(reports.map { .object($0.json) })])
        case .failure(let failure): envelope["error"] = .object(failure.json)
        }
        return JSONValue.object(envelope).serialized()
    }

    /// Reads what the daemon sent; unknown members are ignored.
    ///
    /// - Throws: ``MessageError/notJSON(_:)``, ``MessageError/malformed(_:)`` (also for an answer of a kind this release
    ///   never asks for) or ``MessageError/newerVersion(_:release:)``.
    package init(reading message: [UInt8]) throws(MessageError) {
        var envelope = try openEnvelope(message)
        if let error = envelope.value("error") {
            self = .failure(try NodeFailure(error))
            return
        }
        envelope.require("answer")
        let name = envelope.string("answer") ?? ""
        let body = envelope.value("body") ?? .object([:])
        try check(envelope.problems)
        switch name {
        case "plan": self = .plan(try AttachmentPlan(body))
        case "report": self = .reported(isPublished: body["published"]?.bool ?? false)
        case "pools":
            self = .pools(
                try elements(of: body, "pools") { (value, path) throws(MessageError) in try PoolStatus(value, at: path)
                }
            )
        case "attachments":
            self = .attachments(
                try elements(of: body, "reports") { (value, path) throws(MessageError) in
                    try AttachmentReport(value, at: path)
                }
            )
        default:
            throw .malformed([DocumentProblem(path: "answer", reason: "unknown answer \"\(name)\"")])
        }
    }
}

extension JSONObject {
    fileprivate mutating func setAnswer(_ name: String, _ body: JSONValue) {
        self["answer"] = .string(name)
        self["body"] = body
    }
}

extension NodeFailure {
    var json: JSONObject {
        ["code": .number(JSONNumber(code)), "msg": .string(message), "details": .string(details)]
    }

    init(_ value: JSONValue) throws(MessageError) {
        var fields = JSONFields(value, at: "error")
        fields.require("code")
        let failure = NodeFailure(
            code: fields.int("code") ?? 0,
            message: fields.requiredString("msg"),
            details: fields.string("details") ?? ""
        )
        try check(fields.problems)
        self = failure
    }
}

extension AttachmentPlan {
    var json: JSONObject {
        var object: JSONObject = ["podUID": .string(podUID)]
        object["defaultNetwork"] = defaultNetwork.map { .object($0.json) }
        object["attachments"] = .array(attachments.map { .object($0.json) })
        return object
    }

    init(_ value: JSONValue) throws(MessageError) {
        var fields = JSONFields(value, at: "body")
        let podUID = fields.requiredString("podUID")
        let defaultValue = fields.value("defaultNetwork")
        try check(fields.problems)
        var defaultNetwork: PlannedAttachment?
        if let defaultValue { defaultNetwork = try PlannedAttachment(defaultValue, at: "body.defaultNetwork") }
        let attachments = try elements(of: value, "attachments") { (value, path) throws(MessageError) in
            try PlannedAttachment(value, at: path)
        }
        self.init(podUID: podUID, defaultNetwork: defaultNetwork, attachments: attachments)
    }
}

extension PlannedAttachment {
    var json: JSONObject {
        var object: JSONObject = [
            "id": .string(id), "network": .string(network), "networkName": .string(networkName),
            "ifName": .string(interfaceName), "cniVersion": .string(cniVersion), "config": .string(configuration),
        ]
        object["resourceName"] = resourceName.map(JSONValue.string)
        object["deviceID"] = deviceID.map(JSONValue.string)
        if !capabilityArguments.isEmpty { object["runtimeConfig"] = .object(capabilityArguments) }
        if !environmentArguments.isEmpty {
            object["cniArgs"] = .array(
                environmentArguments.map { ["name": .string($0.name), "value": .string($0.value)] }
            )
        }
        object["defaultRoute"] = defaultRoute.map { .array($0.map(JSONValue.string)) }
        return object
    }

    init(_ value: JSONValue, at path: String) throws(MessageError) {
        var fields = JSONFields(value, at: path)
        var attachment = PlannedAttachment(
            id: fields.requiredString("id"),
            network: fields.requiredString("network"),
            networkName: fields.requiredString("networkName"),
            interfaceName: fields.requiredString("ifName"),
            cniVersion: fields.string("cniVersion") ?? "",
            configuration: fields.requiredString("config"),
            resourceName: fields.string("resourceName"),
            deviceID: fields.string("deviceID"),
            capabilityArguments: fields.object("runtimeConfig") ?? [:],
            defaultRoute: fields.has("defaultRoute") ? fields.strings("defaultRoute") : nil
        )
        for (index, element) in (fields.array("cniArgs") ?? []).enumerated() {
            var argument = JSONFields(element, at: fields.place(of: "cniArgs[\(index)]"))
            attachment.environmentArguments.append(
                EnvironmentArgument(argument.requiredString("name"), argument.requiredString("value"))
            )
            fields.report(argument.problems)
        }
        try check(fields.problems)
        self = attachment
    }
}

extension PoolStatus {
    /// As it travels in an answer, and as the command line prints it.
    package var json: JSONObject {
        var object: JSONObject = [
            "name": .string(name), "resourceName": .string(resourceName), "registered": .bool(isRegistered),
        ]
        if !refusal.isEmpty { object["refusal"] = .string(refusal) }
        object["devices"] = .array(devices.map { .object($0.json) })
        return object
    }

    init(_ value: JSONValue, at path: String) throws(MessageError) {
        var fields = JSONFields(value, at: path)
        let name = fields.requiredString("name")
        let resourceName = fields.requiredString("resourceName")
        let isRegistered = fields.bool("registered") ?? false
        let refusal = fields.string("refusal") ?? ""
        try check(fields.problems)
        let devices = try elements(of: value, "devices", at: path) { (value, path) throws(MessageError) in
            try DeviceStatus(value, at: path)
        }
        self.init(
            name: name,
            resourceName: resourceName,
            isRegistered: isRegistered,
            refusal: refusal,
            devices: devices
        )
    }
}

extension DeviceStatus {
    var json: JSONObject {
        var object: JSONObject = ["id": .string(id), "healthy": .bool(isHealthy)]
        if !reason.isEmpty { object["reason"] = .string(reason) }
        object["numaNode"] = numaNode.map { .number(JSONNumber($0)) }
        object["allocatedTo"] = allocatedTo.map(JSONValue.string)
        return object
    }

    init(_ value: JSONValue, at path: String) throws(MessageError) {
        var fields = JSONFields(value, at: path)
        let device = DeviceStatus(
            id: fields.requiredString("id"),
            isHealthy: fields.bool("healthy") ?? false,
            reason: fields.string("reason") ?? "",
            numaNode: fields.int("numaNode"),
            allocatedTo: fields.string("allocatedTo")
        )
        try check(fields.problems)
        self = device
    }
}
