package import JSON

/// What one file of `hwconfig/` says: how a node's NICs should be, and which pools are made from them.
///
///     nics:
///       - match: {vendors: ["8086"], devices: ["10c9"]}
///         virtualFunctions: 7
///         drivers: [{range: 5-6, driver: vfio-pci}]
///     pools: [{resourceName: lab, selectors: {drivers: [igbvf]}}]
///
/// The incumbent device plugin's `config.json` (`resourceList`) is read as well; it says nothing about NICs.
package struct HardwareDocument: Sendable, Equatable {
    /// In the order of the file.
    package var nics: [NICDeclaration]
    /// The elements of `pools` or `resourceList` as they were written; `ResourcePools` reads them.
    package var pools: [JSONValue]
    /// The key that ``pools`` stood under, for the paths of problems in it.
    package var poolsKey: String

    /// A document made by hand.
    package init(nics: [NICDeclaration] = [], pools: [JSONValue] = [], poolsKey: String = "pools") {
        self.nics = nics
        self.pools = pools
        self.poolsKey = poolsKey
    }

    /// Reads a document; pools are only taken apart from the rest, not read.
    ///
    /// - Throws: ``HardwareDocumentError`` with everything that is wrong with the part about NICs.
    package init(reading value: JSONValue) throws(HardwareDocumentError) {
        var fields = JSONFields(value)
        let declared = fields.array("nics")
        let pools = fields.array("pools")
        let resourceList = fields.array("resourceList")
        if pools != nil, resourceList != nil {
            fields.report("resourceList", "the same as pools; write all pools under one of them")
        }
        self.init(pools: pools ?? resourceList ?? [], poolsKey: resourceList == nil ? "pools" : "resourceList")
        for (index, element) in (declared ?? []).enumerated() {
            let (declaration, problems) = NICDeclaration.read(element, at: "nics[\(index)]")
            nics.append(declaration)
            fields.report(problems)
        }
        let problems = fields.finish()
        guard problems.isEmpty else { throw HardwareDocumentError(problems: problems, readable: self) }
    }
}

/// A document about hardware is wrong, in these places.
package struct HardwareDocumentError: Error, Equatable, Sendable, CustomStringConvertible {
    /// At least one, in the order of the document.
    package var problems: [DocumentProblem]
    /// What could be read, for those who want to find what is wrong with the pools as well; nobody acts on it.
    package var readable: HardwareDocument

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
