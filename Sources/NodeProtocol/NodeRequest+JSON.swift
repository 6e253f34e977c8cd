package import JSON

extension NodeRequest {
    /// The name on the wire.
    package var name: String {
        switch self {
        case .plan: "plan"
        case .report: "report"
        case .pools: "pools"
        case .attachments: "attachments"
        case .unknown(let name): name
        }
    }

    /// The JSON text to send.
    ///
    ///     {"version":1,"release":"0.1.0","request":"plan","body":{"containerID":"c1",…}}
    package func message() -> [UInt8] {
        var envelope: JSONObject = [
            "version": .number(JSONNumber(NodeWire.version)), "release": .string(NodeWire.release),
            "request": .string(name),
        ]
        switch self {
        case .plan(let request): envelope["body"] = .object(request.json)
        case .report(let report): envelope["body"] = .object(report.json)
        case .pools, .attachments, .unknown: break
        }
        return JSONValue.object(envelope).serialized()
    }

    /// Reads what a peer sent; unknown members are ignored.
    ///
    /// - Throws: ``MessageError/notJSON(_:)``, ``MessageError/malformed(_:)`` or
    ///   ``MessageError/newerVersion(_:release:)``.
    package init(reading message: [UInt8]) throws(MessageError) {
        var envelope = try openEnvelope(message)
        envelope.require("request")
        let name = envelope.string("request") ?? ""
        let body = envelope.value("body") ?? .object([:])
        try check(envelope.problems)
        switch name {
        case "plan": self = .plan(try PlanRequest(body))
        case "report": self = .report(try AttachmentReport(body, at: "body"))
        case "pools": self = .pools
        case "attachments": self = .attachments
        default: self = .unknown(name)
        }
    }
}

extension PlanRequest {
    var json: JSONObject {
        var object: JSONObject = [
            "containerID": .string(containerID), "netns": .string(networkNamespace), "ifName": .string(interfaceName),
            "pod": .object(pod.json),
        ]
        if let annotations {
            var members = JSONObject()
            for (key, value) in annotations.sorted(by: { $0.key < $1.key }) { members[key] = .string(value) }
            object["annotations"] = .object(members)
        }
        return object
    }

    init(_ value: JSONValue) throws(MessageError) {
        var fields = JSONFields(value, at: "body")
        let containerID = fields.requiredString("containerID")
        let networkNamespace = fields.string("netns") ?? ""
        let interfaceName = fields.requiredString("ifName")
        let pod = fields.pod("pod")
        var annotations: [String: String]?
        if let members = fields.object("annotations") {
            var read: [String: String] = [:]
            for (key, value) in members.members {
                guard let text = value.string else {
                    fields.report("annotations.\(key)", "expected a string, found \(value.kind)")
                    continue
                }
                read[key] = text
            }
            annotations = read
        }
        try check(fields.problems)
        self.init(
            containerID: containerID,
            networkNamespace: networkNamespace,
            interfaceName: interfaceName,
            pod: pod,
            annotations: annotations
        )
    }
}

extension PodReference {
    var json: JSONObject {
        var object: JSONObject = ["namespace": .string(namespace), "name": .string(name)]
        if let uid { object["uid"] = .string(uid) }
        return object
    }
}

extension AttachmentReport {
    /// As it travels in a report, and as the daemon keeps it on disk.
    package var json: JSONObject {
        [
            "containerID": .string(containerID), "sequence": .number(JSONNumber(sequence)),
            "event": .string(event.rawValue), "pod": .object(pod.json),
            "attachments": .array(attachments.map { .object($0.json) }),
        ]
    }

    /// Reads a report; `path` is where it stands, for the problems.
    ///
    /// - Throws: ``MessageError/malformed(_:)``.
    package init(_ value: JSONValue, at path: String = "") throws(MessageError) {
        var fields = JSONFields(value, at: path)
        let containerID = fields.requiredString("containerID")
        fields.require("sequence")
        let sequence = fields.int("sequence", in: 0...Int.max) ?? 0
        let eventName = fields.requiredString("event")
        let event = Event(rawValue: eventName)
        if event == nil { fields.report("event", "\"\(eventName)\" is neither \"added\" nor \"deleted\"") }
        let pod = fields.pod("pod")
        let elements = fields.array("attachments") ?? []
        if elements.count > NodeWire.attachmentLimit {
            fields.report("attachments", "\(elements.count) are more than the limit of \(NodeWire.attachmentLimit)")
        }
        var attachments: [ReportedAttachment] = []
        for (index, element) in elements.prefix(NodeWire.attachmentLimit).enumerated() {
            attachments.append(try ReportedAttachment(element, at: fields.place(of: "attachments[\(index)]")))
        }
        try check(fields.problems)
        self.init(
            containerID: containerID,
            sequence: sequence,
            event: event ?? .added,
            pod: pod,
            attachments: attachments
        )
    }
}

extension ReportedAttachment {
    var json: JSONObject {
        var object: JSONObject = [
            "id": .string(id), "network": .string(network), "ifName": .string(interfaceName),
            "default": .bool(isDefault),
        ]
        object["result"] = result
        object["deviceID"] = deviceID.map(JSONValue.string)
        return object
    }

    init(_ value: JSONValue, at path: String) throws(MessageError) {
        var fields = JSONFields(value, at: path)
        let attachment = ReportedAttachment(
            id: fields.requiredString("id"),
            network: fields.requiredString("network"),
            interfaceName: fields.requiredString("ifName"),
            isDefault: fields.bool("default") ?? false,
            result: fields.value("result"),
            deviceID: fields.string("deviceID")
        )
        try check(fields.problems)
        self = attachment
    }
}
