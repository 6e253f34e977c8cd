import Addresses
package import JSON
import PCI

extension Baseline {
    /// Reads the file's content.
    ///
    /// - Throws: ``JournalError`` with everything that is wrong with it.
    package init(parsing bytes: [UInt8]) throws(JournalError) {
        var fields = JSONFields(try document(bytes, schema: Self.schema))
        fields.require("address")
        let address = fields.address("address")
        let bootID = fields.required("bootID", \.string, "a string")
        let isDeclared = fields.bool("isDeclared") ?? false
        fields.require("state")
        let state = fields.read("state", FunctionState.init(reading:))
        guard fields.problems.isEmpty, let address, let bootID, let state else { throw .damaged(fields.problems) }
        self.init(address: address, bootID: bootID, isDeclared: isDeclared, state: state)
    }

    /// The file's content.
    package func serialized() -> [UInt8] {
        let value: JSONValue = [
            "schema": .number(JSONNumber(Self.schema)), "address": .string(address.description),
            "bootID": .string(bootID), "isDeclared": .bool(isDeclared), "state": state.json,
        ]
        return value.serialized() + [0x0a]
    }
}

extension FunctionRecord {
    var json: JSONValue {
        var object: JSONObject = ["address": .string(address.description)]
        object["physicalFunction"] = physicalFunction.map { .string($0.description) }
        object["virtualFunctionIndex"] = virtualFunctionIndex.map { .number(JSONNumber($0)) }
        object["driver"] = driver.map { .string($0.rawValue) }
        object["originals"] = originals.json
        return .object(object)
    }

    init?(reading fields: inout JSONFields) {
        fields.require("address")
        fields.require("originals")
        let address = fields.address("address")
        let originals = fields.read("originals", FunctionState.init(reading:))
        let physicalFunction = fields.address("physicalFunction")
        let index = fields.int("virtualFunctionIndex", in: 0...65_535)
        let driver = fields.string("driver").map(FunctionDriver.init(rawValue:))
        guard let address, let originals else { return nil }
        self.init(
            address: address,
            physicalFunction: physicalFunction,
            virtualFunctionIndex: index,
            driver: driver,
            originals: originals
        )
    }
}

extension FunctionState {
    /// As it stands in journals and baselines.
    package var json: JSONValue {
        var object = JSONObject()
        object["interface"] = interface?.json
        object["settings"] = settings.json
        return .object(object)
    }

    init?(reading fields: inout JSONFields) {
        let interface = fields.read("interface", FunctionInterface.init(reading:))
        let settings = fields.read("settings", FunctionSettings.init(reading:))
        self.init(interface: interface, settings: settings ?? FunctionSettings())
    }
}

extension FunctionInterface {
    var json: JSONValue {
        [
            "name": .string(name), "alternativeNames": .array(alternativeNames.map(JSONValue.string)),
            "mac": .string(mac.description), "mtu": .number(JSONNumber(mtu)),
        ]
    }

    init?(reading fields: inout JSONFields) {
        fields.require("mac")
        let name = fields.required("name", \.string, "a string")
        let mac = fields.mac("mac")
        let mtu = fields.required("mtu", \.int, "a whole number")
        guard let name, let mac, let mtu else { return nil }
        self.init(name: name, alternativeNames: fields.strings("alternativeNames"), mac: mac, mtu: mtu)
    }
}

extension FunctionSettings {
    /// The settings that say something.
    package var json: JSONValue {
        var object = JSONObject()
        object["administrativeMAC"] = administrativeMAC.map { .string($0.description) }
        object["vlan"] = vlan?.json
        object["checksSource"] = checksSource.map(JSONValue.bool)
        object["isTrusted"] = isTrusted.map(JSONValue.bool)
        object["linkState"] = linkState.map { .string($0.rawValue) }
        object["rate"] = rate?.json
        return .object(object)
    }

    init?(reading fields: inout JSONFields) {
        self.init(
            administrativeMAC: fields.mac("administrativeMAC"),
            vlan: fields.read("vlan", VLANTag.init(reading:)),
            checksSource: fields.bool("checksSource"),
            isTrusted: fields.bool("isTrusted"),
            linkState: fields.word("linkState", LinkState.self),
            rate: fields.read("rate", RateLimits.init(reading:))
        )
    }
}

extension VLANTag {
    var json: JSONValue {
        [
            "identifier": .number(JSONNumber(identifier)), "priority": .number(JSONNumber(priority)),
            "protocol": .string(tagProtocol.rawValue),
        ]
    }

    init?(reading fields: inout JSONFields) {
        fields.require("identifier")
        let identifier = fields.int("identifier", in: 0...4095)
        let priority = fields.int("priority", in: 0...7) ?? 0
        let tagProtocol = fields.word("protocol", TagProtocol.self) ?? .customer
        guard let identifier else { return nil }
        self.init(identifier: identifier, priority: priority, tagProtocol: tagProtocol)
    }
}

extension RateLimits {
    var json: JSONValue {
        ["minimumMbps": .number(JSONNumber(minimumMbps)), "maximumMbps": .number(JSONNumber(maximumMbps))]
    }

    init?(reading fields: inout JSONFields) {
        self.init(
            minimumMbps: fields.int("minimumMbps", in: 0...Int(UInt32.max)) ?? 0,
            maximumMbps: fields.int("maximumMbps", in: 0...Int(UInt32.max)) ?? 0
        )
    }
}
