package import JSON

/// What the daemon needs to know of a pod.
///
/// Made from a document of API version `v1`; members not named here are passed over.
package struct Pod: Sendable, Equatable {
    package var metadata: ObjectMetadata
    /// Whether it shares the host's network namespace and thus gets no interface.
    package var usesHostNetwork: Bool
    /// In the order of the document.
    package var initContainers: [Container]
    /// In the order of the document.
    package var containers: [Container]

    package init(
        metadata: ObjectMetadata,
        usesHostNetwork: Bool = false,
        initContainers: [Container] = [],
        containers: [Container] = []
    ) {
        self.metadata = metadata
        self.usesHostNetwork = usesHostNetwork
        self.initContainers = initContainers
        self.containers = containers
    }

    /// Whether kubelet runs it from a file or a URL and shows it in the API server as a mirror at most.
    ///
    /// The mirror has another UID than the one the container runtime is told.
    package var isStatic: Bool {
        metadata.annotations["kubernetes.io/config.mirror"] != nil
            || metadata.annotations["kubernetes.io/config.source"].map { $0 != "api" } ?? false
    }

    /// How many pieces of a resource all containers ask for; a limit without a request is one.
    package func requested(_ resource: String) -> Int {
        (initContainers + containers).reduce(0) { $0 + $1.requested(resource) }
    }

    /// One container of a pod.
    package struct Container: Sendable, Equatable {
        package var name: String
        /// By resource name.
        package var requests: [String: Quantity]
        /// By resource name.
        package var limits: [String: Quantity]

        package init(name: String, requests: [String: Quantity] = [:], limits: [String: Quantity] = [:]) {
            self.name = name
            self.requests = requests
            self.limits = limits
        }

        /// How many pieces of an extended resource it asks for.
        package func requested(_ resource: String) -> Int { (requests[resource] ?? limits[resource])?.count ?? 0 }
    }
}

extension Pod {
    /// Reads an object of kind `Pod`; `path` is where the document stands, for the problems.
    ///
    /// - Throws: ``ObjectError`` with everything that is wrong.
    package init(_ value: JSONValue, at path: String = "") throws(ObjectError) {
        var fields = JSONFields(value, at: path)
        let metadata = ObjectMetadata(&fields)
        fields.require("spec")
        let spec = fields.value("spec") ?? [:]
        var specFields = JSONFields(spec, at: fields.place(of: "spec"))
        let usesHostNetwork = specFields.bool("hostNetwork") ?? false
        let initContainers = Container.list("initContainers", &specFields)
        let containers = Container.list("containers", &specFields)
        if fields.has("spec") { fields.report(specFields.problems) }
        try ObjectError.check(fields.problems)
        self.init(
            metadata: metadata,
            usesHostNetwork: usesHostNetwork,
            initContainers: initContainers,
            containers: containers
        )
    }
}

extension Pod.Container {
    static func list(_ key: String, _ spec: inout JSONFields) -> [Pod.Container] {
        (spec.array(key) ?? []).enumerated().map { index, element in
            var fields = JSONFields(element, at: spec.place(of: "\(key)[\(index)]"))
            fields.require("name")
            let name = fields.string("name") ?? ""
            var resources = JSONFields(fields.value("resources") ?? [:], at: fields.place(of: "resources"))
            let container = Pod.Container(
                name: name,
                requests: quantities("requests", &resources),
                limits: quantities("limits", &resources)
            )
            spec.report(fields.problems + resources.problems)
            return container
        }
    }

    /// A quantity is a string, or a number in documents that a person wrote.
    private static func quantities(_ key: String, _ fields: inout JSONFields) -> [String: Quantity] {
        var quantities: [String: Quantity] = [:]
        for (name, value) in fields.object(key)?.members ?? [] {
            switch value {
            case .string(let text): quantities[name] = Quantity(text)
            case .number(let number): quantities[name] = Quantity(number.text)
            default: fields.report("\(key).\(name)", "expected a quantity, found \(value.kind)")
            }
        }
        return quantities
    }
}
