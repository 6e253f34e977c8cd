import JSON
import PCI

extension Inventory {
    /// The inventory for programs: every member of the value types under its Swift name, absent where it is `nil`.
    var json: JSONValue {
        [
            "functions": .array(functions.map(\.json)),
            "unreadable": .array(unreadable.map { ["name": .string($0.name), "reason": .string($0.reason)] }),
        ]
    }
}

extension PCIFunction {
    fileprivate var json: JSONValue {
        var object: JSONObject = [
            "address": .string(address.description),
            "vendor": .string(identity.vendor.description),
            "device": .string(identity.device.description),
            "class": .string("0x" + leftPadded(String(identity.classCode, radix: 16), 6)),
        ]
        object["vendorName"] = vendorName.map(JSONValue.string)
        object["deviceName"] = deviceName.map(JSONValue.string)
        object["driver"] = driver.map(JSONValue.string)
        object["driverOverride"] = driverOverride.map(JSONValue.string)
        object["numaNode"] = numaNode.map { .number(JSONNumber($0)) }
        object["iommuGroup"] = iommuGroup.map {
            ["number": .number(JSONNumber($0.number)), "isWithoutIOMMU": .bool($0.isWithoutIOMMU)]
        }
        object["uioName"] = uioName.map(JSONValue.string)
        object["interfaces"] = .array(interfaces.map(\.json))
        object["sriov"] = sriov.map {
            [
                "totalVFs": .number(JSONNumber($0.totalVFs)), "numVFs": .number(JSONNumber($0.numVFs)),
                "probesDrivers": .bool($0.probesDrivers),
            ]
        }
        object["virtual"] = virtual.map {
            [
                "physicalFunction": .string($0.physicalFunction.description),
                "index": .number(JSONNumber($0.index)),
            ]
        }
        return .object(object)
    }
}

extension NetworkInterface {
    fileprivate var json: JSONValue {
        var object: JSONObject = ["name": .string(name)]
        object["interfaceIndex"] = interfaceIndex.map { .number(JSONNumber($0)) }
        object["hardwareAddress"] = .string(hardwareAddress)
        object["mtu"] = .number(JSONNumber(mtu))
        object["linkType"] = .string(linkType.description)
        object["isUp"] = .bool(isUp)
        object["hasCarrier"] = hasCarrier.map(JSONValue.bool)
        return .object(object)
    }
}

private func leftPadded(_ digits: String, _ width: Int) -> String {
    String(repeating: "0", count: max(0, width - digits.count)) + digits
}
