/// The full name of an extended resource, `vendor.com/pool`, of a form that the kubelet takes.
///
/// What the kubelet refuses it refuses at `Register`, with nothing but a text, and the resource never shows up; so a name
/// is checked where it is configured.
///
/// - SeeAlso: Kubernetes `IsExtendedResourceName`
package struct ResourceName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The domain before the slash.
    package let prefix: String
    /// The name of the pool, after the slash.
    package let name: String

    /// Checks `text`.
    ///
    /// - Throws: ``ResourceNameError`` with the first rule that is broken.
    package init(_ text: String) throws(ResourceNameError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw ResourceNameError(name: text, rule: .oneSlash) }
        guard !text.contains("kubernetes.io/") else { throw ResourceNameError(name: text, rule: .reservedDomain) }
        guard !text.hasPrefix("requests.") else { throw ResourceNameError(name: text, rule: .reservedPrefix) }
        guard Self.isSubdomain(parts[0].utf8) else { throw ResourceNameError(name: text, rule: .domain) }
        guard Self.isQualifiedPart(parts[1].utf8) else { throw ResourceNameError(name: text, rule: .name) }
        self.prefix = String(parts[0])
        self.name = String(parts[1])
    }

    package var description: String { "\(prefix)/\(name)" }

    package static func < (left: ResourceName, right: ResourceName) -> Bool {
        (left.prefix, left.name) < (right.prefix, right.name)
    }

    /// 253 bytes are allowed, and the kubelet checks the name with `requests.` before it.
    static let domainLimit = 253 - "requests.".utf8.count
    static let nameLimit = 63

    /// Whether this is a lower-case DNS subdomain.
    ///
    /// Single labels have no limit of their own here, as in the kubelet's check.
    private static func isSubdomain(_ text: Substring.UTF8View) -> Bool {
        guard !text.isEmpty, text.count <= domainLimit else { return false }
        return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return first.isLowerAlphanumeric && last.isLowerAlphanumeric
                && label.allSatisfy { $0.isLowerAlphanumeric || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isQualifiedPart(_ text: Substring.UTF8View) -> Bool {
        guard text.count <= nameLimit, let first = text.first, let last = text.last else { return false }
        let inner = [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")]
        return first.isAlphanumeric && last.isAlphanumeric
            && text.allSatisfy { $0.isAlphanumeric || inner.contains($0) }
    }
}

/// A name that the kubelet would not take as an extended resource.
package struct ResourceNameError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The rules, in the order they are checked.
    package enum Rule: Equatable, Sendable {
        case oneSlash, reservedDomain, reservedPrefix, domain, name
    }

    package var name: String
    package var rule: Rule

    package init(name: String, rule: Rule) {
        self.name = name
        self.rule = rule
    }

    package var description: String { "\"\(name)\" is no resource name: \(rule.sentence)" }
}

extension ResourceNameError.Rule {
    var sentence: String {
        switch self {
        case .oneSlash: "it needs a domain, one slash and a name"
        case .reservedDomain: "kubernetes.io is reserved"
        case .reservedPrefix: "it must not begin with \"requests.\""
        case .domain:
            "its domain must be a lower-case DNS name of at most \(ResourceName.domainLimit) bytes"
        case .name:
            "the part after the slash must be 1 to \(ResourceName.nameLimit) letters, digits, '-', '_' or '.',"
                + " with a letter or digit at both ends"
        }
    }
}

extension UInt8 {
    fileprivate var isLowerAlphanumeric: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }

    fileprivate var isAlphanumeric: Bool {
        isLowerAlphanumeric || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}
