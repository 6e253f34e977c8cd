import JSON
import PCI

extension NICDeclaration {
    /// The most virtual functions that any document may ask for; the device's own limit is checked by the plan.
    static let virtualFunctionLimit = 65_535
    /// IPv4 needs 68 bytes (RFC 791); 65,535 is the kernel's own limit for Ethernet devices.
    static let mtuRange = 68...65_535

    /// Reads one element of `nics`.
    ///
    /// - Returns: What could be read, and everything that is wrong with the rest.
    static func read(_ value: JSONValue, at path: String) -> (NICDeclaration, [DocumentProblem]) {
        var fields = JSONFields(value, at: path)
        guard value.object != nil else { return (NICDeclaration(match: NICMatch()), fields.finish()) }
        var declaration = NICDeclaration(match: NICMatch())
        if let match = fields.value("match") {
            var reading = JSONFields(match, at: fields.place(of: "match"))
            declaration.match = NICMatch(reading: &reading)
            fields.report(reading.finish())
        } else {
            fields.report("match", "missing; it says which NICs are meant: vendors, devices, drivers, names, addresses")
        }
        declaration.virtualFunctions = fields.int("virtualFunctions", in: 0...virtualFunctionLimit)
        declaration.mtu = fields.int("mtu", in: mtuRange)
        for (index, element) in (fields.array("drivers") ?? []).enumerated() {
            declaration.readDriver(element, at: "drivers[\(index)]", of: &fields)
        }
        if !["virtualFunctions", "mtu", "drivers"].contains(where: fields.has) {
            fields.report("", "says nothing; give virtualFunctions, mtu or drivers")
        }
        return (declaration, fields.finish())
    }

    private mutating func readDriver(_ value: JSONValue, at key: String, of fields: inout JSONFields) {
        var reading = JSONFields(value, at: fields.place(of: key))
        let driver = reading.string("driver")
        let range = reading.value("range")
        if value.object != nil {
            reading.require("driver")
            reading.require("range")
        }
        if let driver, !isKernelName(driver) {
            reading.report("driver", "\"\(driver)\" is no name of a kernel driver")
        }
        if let range, let problem = add(range, driver: driver ?? "", declared: fields.has("virtualFunctions")) {
            reading.report("range", problem)
        }
        fields.report(reading.finish())
    }

    /// Adds a driver for the indexes in `range`; returns what is wrong with them.
    private mutating func add(_ range: JSONValue, driver: String, declared: Bool) -> String? {
        // YAML reads an unquoted 5 as a number.
        let text = range.string ?? range.int.map(String.init)
        guard let text else { return "expected indexes such as \"0-3\" or \"0-3,5\", found \(range.kind)" }
        guard let indexes = VFIndexSet(text) else {
            return "\"\(text)\" is not of the form \"0-3\" or \"0-3,5\" (lowest first, no blanks)"
        }
        let earlier = drivers.first { $0.indexes.overlaps(indexes) }
        drivers.append(VFDriverRange(indexes, driver: driver))
        if let earlier { return "\(indexes) overlaps \(earlier.indexes), which has driver \(earlier.driver)" }
        guard declared else { return "needs virtualFunctions beside it, to say how many there are" }
        guard let count = virtualFunctions, indexes.last >= count else { return nil }
        return "there is no virtual function \(indexes.last): virtualFunctions is \(count), and they count from 0"
    }
}

extension NICMatch {
    /// Reads `match`, reporting what is wrong to `fields`.
    init(reading fields: inout JSONFields) {
        self.init()
        vendors = fields.parsed("vendors", identifierForm, PCIDeviceID.init)
        devices = fields.parsed("devices", identifierForm, PCIDeviceID.init)
        drivers = fields.parsed("drivers", "a name of a kernel driver") { isKernelName($0) ? $0 : nil }
        names = fields.parsed("names", "a name of an interface") { isKernelName($0) ? $0 : nil }
        addresses = fields.parsed("addresses", "a PCI address such as 0000:01:00.0, lower case", PCIAddress.init)
        linkTypes = fields.parsed("linkTypes", "one of ether, infiniband") { name in
            [LinkType.ethernet, .infiniband].first { $0.description == name }
        }
        if self == NICMatch(), fields.problems.isEmpty {
            fields.report("", "matches every NIC; give at least one of vendors, devices, drivers, names, addresses")
        }
    }
}

private let identifierForm = "four hexadecimal digits in lower case without 0x, such as \"8086\""

extension JSONFields {
    /// The list of strings that `parse` takes; the others are reported and left out.
    fileprivate mutating func parsed<Value>(_ key: String, _ form: String, _ parse: (String) -> Value?) -> [Value] {
        var values: [Value] = []
        for (index, element) in (array(key) ?? []).enumerated() {
            let place = "\(key)[\(index)]"
            switch element {
            case .string(let text):
                if let value = parse(text) { values.append(value) } else { report(place, "\"\(text)\" is not \(form)") }
            case .number(let number): report(place, "\(number) is read as a number; write it in quotes: \"\(number)\"")
            default: report(place, "expected a string, found \(element.kind)")
            }
        }
        return values
    }
}

/// Whether the kernel could have given the name to a driver or an interface: no path, no blank, nothing unseen.
private func isKernelName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count < 64
        && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }
}
