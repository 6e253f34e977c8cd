import JSON
import PCI

extension DeviceSelector {
    /// Reads one selector; what is wrong in it is left out of it.
    static func read(
        _ value: JSONValue,
        at path: String,
        deviceType: DeviceType
    ) -> (selector: DeviceSelector, problems: [DocumentProblem]) {
        var fields = JSONFields(value, at: path)
        var selector = DeviceSelector()
        selector.vendors = readNumbers("vendors", from: &fields)
        selector.devices = readNumbers("devices", from: &fields)
        selector.drivers = fields.strings("drivers")
        selector.addresses = readAddresses(from: &fields)
        if deviceType == .netDevice {
            selector.pfNames = readFilters("pfNames", from: &fields) { _ in nil }
            selector.rootDevices = readFilters("rootDevices", from: &fields) { filter in
                PCIAddress(filter.name) == nil ? "expected a PCI address before any '#'" : nil
            }
            selector.linkTypes = readLinkTypes(from: &fields)
        }
        refuseUnsupported(from: &fields, deviceType: deviceType)
        return (selector, fields.finish())
    }

    private static func readNumbers(_ key: String, from fields: inout JSONFields) -> [PCIDeviceID] {
        fields.strings(key).enumerated().compactMap { index, text in
            if let number = PCIDeviceID(text) { return number }
            fields.report("\(key)[\(index)]", "\"\(text)\" is not four lower-case hexadecimal digits such as 8086")
            return nil
        }
    }

    private static func readAddresses(from fields: inout JSONFields) -> [PCIAddress] {
        fields.strings("pciAddresses").enumerated().compactMap { index, text in
            if let address = PCIAddress(text) { return address }
            fields.report("pciAddresses[\(index)]", "\"\(text)\" is no PCI address such as 0000:3b:02.1")
            return nil
        }
    }

    private static func readFilters(
        _ key: String,
        from fields: inout JSONFields,
        check: (FunctionFilter) -> String?
    ) -> [FunctionFilter] {
        var filters: [FunctionFilter] = []
        for (index, text) in fields.strings(key).enumerated() {
            let place = "\(key)[\(index)]"
            do throws(FunctionFilter.Flaw) {
                let filter = try FunctionFilter(text)
                if let problem = check(filter) { fields.report(place, "\"\(text)\": \(problem)") }
                if filters.contains(where: { $0.name == filter.name }) {
                    fields.report(
                        place,
                        "a second entry for \(filter.name) would have no effect; join both: \(filter.name)#0-3,8"
                    )
                }
                filters.append(filter)
            } catch {
                fields.report(place, "\"\(text)\": \(error)")
            }
        }
        return filters
    }

    private static func readLinkTypes(from fields: inout JSONFields) -> [LinkType] {
        fields.strings("linkTypes").enumerated().compactMap { index, text in
            let known = [LinkType.ethernet, .infiniband]
            if let type = known.first(where: { $0.description == text }) { return type }
            fields.report("linkTypes[\(index)]", "\"\(text)\" is no link type; ether or infiniband is")
            return nil
        }
    }

    /// Reports the incumbent's other selectors where they ask for something.
    ///
    /// To read past one would put devices into the pool that it was meant to keep out, or hand them out without what they need.
    private static func refuseUnsupported(from fields: inout JSONFields, deviceType: DeviceType) {
        for key in ["acpiIndexes", "ddpProfiles", "pKeys", "isRdma", "needVhostNet", "vdpaType", "auxTypes"] {
            switch fields.value(key) {
            case nil, .bool(false), .array([]), .string(""): break
            default: fields.report(key, "not supported yet")
            }
        }
        guard deviceType == .accelerator else { return }
        for key in ["pfNames", "rootDevices", "linkTypes"] where fields.value(key) != nil {
            fields.report(key, "only a netDevice pool has this selector")
        }
    }
}
