package import JSON

/// A version of the CNI specification, as in `cniVersion`: three decimal numbers, `1.1.0`.
///
/// - SeeAlso: CNI 1.1.0, "Versions"
package struct CNIVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let major: UInt16
    package let minor: UInt16
    package let patch: UInt16

    package init(_ major: UInt16, _ minor: UInt16, _ patch: UInt16) {
        self.major = major
        self.minor = minor
        self.patch = patch
    }

    /// Reads three numbers between dots, without sign or blank; the empty text is version 0.1.0, which had no such key.
    package init?(_ text: String) {
        guard !text.isEmpty else {
            self = .v0_1_0
            return
        }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { part -> UInt16? in
            guard (1...4).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return UInt16(Substring(part))
        }
        guard parts.count == 3, numbers.count == 3 else { return nil }
        self.init(numbers[0], numbers[1], numbers[2])
    }

    package static let v0_1_0 = CNIVersion(0, 1, 0)
    package static let v0_2_0 = CNIVersion(0, 2, 0)
    package static let v0_3_0 = CNIVersion(0, 3, 0)
    package static let v0_3_1 = CNIVersion(0, 3, 1)
    package static let v0_4_0 = CNIVersion(0, 4, 0)
    package static let v1_0_0 = CNIVersion(1, 0, 0)
    package static let v1_1_0 = CNIVersion(1, 1, 0)

    /// Every version spoken here, oldest first.
    package static let supported: [CNIVersion] = [
        .v0_1_0, .v0_2_0, .v0_3_0, .v0_3_1, .v0_4_0, .v1_0_0, .v1_1_0,
    ]

    /// The newest version spoken here.
    package static let newest = v1_1_0

    /// Whether results and configurations of this version are understood here.
    package var isSupported: Bool { Self.supported.contains(self) }

    package static func < (left: CNIVersion, right: CNIVersion) -> Bool {
        (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
    }

    package var description: String { "\(major).\(minor).\(patch)" }

    /// The version named by the member `cniVersion` of a configuration, 0.1.0 if there is none.
    ///
    /// - Throws: ``CNIError`` code 1 for a text that is no version or one not spoken here, code 7 if it is no string.
    package static func declared(in document: JSONValue) throws(CNIError) -> CNIVersion {
        guard let value = document["cniVersion"], value != .null else { return .v0_1_0 }
        guard let text = value.string else {
            throw CNIError(.invalidConfiguration, "cniVersion is \(value.kind), not a string")
        }
        guard let version = CNIVersion(text), version.isSupported else {
            throw CNIError(
                .incompatibleVersion,
                "incompatible CNI version \"\(text)\"",
                details: "supported: \(supported.map(\.description).joined(separator: ", "))"
            )
        }
        return version
    }

    /// What a plugin prints on VERSION.
    ///
    ///     {"cniVersion":"1.1.0","supportedVersions":["0.1.0",…]}
    ///
    /// - Parameter request: What came on standard input; its `cniVersion` is given back, the newest version if it has
    ///   none we speak.
    /// - Returns: The object to print.
    /// - SeeAlso: CNI 1.1.0, "VERSION Success"
    package static func answer(to request: JSONValue) -> JSONValue {
        let asked = request["cniVersion"]?.string.flatMap(CNIVersion.init)
        let echoed = asked.map { $0.isSupported ? $0 : newest } ?? newest
        return [
            "cniVersion": .string(echoed.description),
            "supportedVersions": .array(supported.map { .string($0.description) }),
        ]
    }
}
