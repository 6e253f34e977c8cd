import JSON

extension Journal {
    /// Reads the file's content.
    ///
    /// - Throws: ``JournalError`` with everything that is wrong with it.
    package init(parsing bytes: [UInt8]) throws(JournalError) {
        var fields = JSONFields(try document(bytes, schema: Self.schema))
        let journal = Journal(reading: &fields)
        guard fields.problems.isEmpty, let journal else { throw .damaged(fields.problems) }
        self = journal
    }

    /// The file's content.
    package func serialized() -> [UInt8] {
        var object: JSONObject = ["schema": .number(JSONNumber(Self.schema)), "release": .string(release)]
        object["containerID"] = .string(containerID)
        object["bootID"] = .string(bootID)
        object["sandbox"] = sandbox.json
        object["pod"] = pod.json
        object["operation"] = operation?.json
        object["attachments"] = .array(attachments.map(\.json))
        return JSONValue.object(others.merging(object)).serialized() + [0x0a]
    }

    private init?(reading fields: inout JSONFields) {
        _ = fields.int("schema")
        var attachments: [AttachmentRecord] = []
        for (index, element) in (fields.array("attachments") ?? []).enumerated() {
            var inner = JSONFields(element, at: "\(fields.place(of: "attachments"))[\(index)]")
            if let record = AttachmentRecord(reading: &inner) { attachments.append(record) }
            fields.report(inner.problems)
        }
        fields.require("attachments")
        fields.require("sandbox")
        let sandbox = fields.read("sandbox", Sandbox.init(reading:))
        let pod = fields.read("pod", PodIdentity.init(reading:))
        let operation = fields.read("operation", Operation.init(reading:))
        let containerID = fields.required("containerID", \.string, "a string")
        let bootID = fields.required("bootID", \.string, "a string")
        let release = fields.required("release", \.string, "a string")
        guard let containerID, let bootID, let release, let sandbox else { return nil }
        self.init(
            containerID: containerID,
            sandbox: sandbox,
            bootID: bootID,
            pod: pod ?? PodIdentity(),
            operation: operation,
            release: release,
            attachments: attachments,
            others: fields.unread
        )
    }
}

extension Sandbox {
    var json: JSONValue {
        [
            "path": .string(path), "device": .number(JSONNumber(identity.device)),
            "inode": .number(JSONNumber(identity.inode)),
        ]
    }

    init?(reading fields: inout JSONFields) {
        let path = fields.required("path", \.string, "a string")
        let device = fields.required("device", \.uint64, "a whole number")
        let inode = fields.required("inode", \.uint64, "a whole number")
        guard let path, let device, let inode else { return nil }
        self.init(path: path, identity: NamespaceIdentity(device: device, inode: inode))
    }
}

extension PodIdentity {
    var json: JSONValue { ["namespace": .string(namespace), "name": .string(name), "uid": .string(uid)] }

    init?(reading fields: inout JSONFields) {
        self.init(
            namespace: fields.string("namespace") ?? "",
            name: fields.string("name") ?? "",
            uid: fields.string("uid") ?? ""
        )
    }
}

extension Operation {
    var json: JSONValue {
        [
            "command": .string(command), "processGroup": .number(JSONNumber(processGroup)),
            "startTime": .number(JSONNumber(startTime)),
        ]
    }

    init?(reading fields: inout JSONFields) {
        let command = fields.required("command", \.string, "a string")
        let group = fields.required("processGroup", \.int, "a whole number")
        let start = fields.required("startTime", \.uint64, "a whole number")
        guard let command, let group, let start else { return nil }
        self.init(command: command, processGroup: group, startTime: start)
    }
}

extension AttachmentRecord {
    var json: JSONValue {
        var object: JSONObject = ["id": .number(JSONNumber(id)), "network": .string(network)]
        object["networkName"] = .string(networkName)
        object["interfaceName"] = .string(interfaceName)
        object["cniVersion"] = .string(cniVersion)
        object["configuration"] = .string(configuration)
        object["resourceName"] = resourceName.map(JSONValue.string)
        object["deviceID"] = deviceID.map(JSONValue.string)
        object["runtimeConfig"] = runtimeConfig.map(JSONValue.object)
        object["cniArguments"] = cniArguments.map(JSONValue.string)
        object["call"] = call.map(JSONValue.string)
        object["planID"] = planID.map(JSONValue.string)
        if isDefault { object["default"] = true }
        object["remains"] = remains.map(JSONValue.string)
        object["result"] = result
        switch kind {
        case .delegate: object["kind"] = "delegate"
        case .function(let function):
            object["kind"] = "function"
            object["function"] = function.json
        }
        return .object(others.merging(object))
    }

    init?(reading fields: inout JSONFields) {
        let id = fields.required("id", \.int, "a whole number")
        let network = fields.required("network", \.string, "a string")
        let networkName = fields.required("networkName", \.string, "a string")
        let interfaceName = fields.required("interfaceName", \.string, "a string")
        let cniVersion = fields.required("cniVersion", \.string, "a string")
        let configuration = fields.required("configuration", \.string, "a string")
        guard let kind = Kind(reading: &fields), let id, let network, let networkName, let interfaceName,
            let cniVersion, let configuration
        else { return nil }
        self.init(
            id: id,
            network: network,
            networkName: networkName,
            interfaceName: interfaceName,
            cniVersion: cniVersion,
            configuration: configuration,
            resourceName: fields.string("resourceName"),
            deviceID: fields.string("deviceID"),
            runtimeConfig: fields.object("runtimeConfig"),
            cniArguments: fields.string("cniArguments"),
            call: fields.string("call"),
            planID: fields.string("planID"),
            isDefault: fields.bool("default") ?? false,
            remains: fields.string("remains"),
            kind: kind,
            result: fields.value("result"),
            others: fields.unread
        )
    }
}

extension AttachmentRecord.Kind {
    fileprivate init?(reading fields: inout JSONFields) {
        switch fields.required("kind", \.string, "a string") {
        case "delegate": self = .delegate
        case "function":
            fields.require("function")
            guard let function = fields.read("function", FunctionRecord.init(reading:)) else { return nil }
            self = .function(function)
        case let kind?:
            fields.report("kind", "unknown kind \"\(kind)\"")
            return nil
        case nil: return nil
        }
    }
}
