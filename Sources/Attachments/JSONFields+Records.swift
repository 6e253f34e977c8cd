import Addresses
import JSON
import PCI

extension JSONFields {
    /// The value read by `read`; `nil` if the key is absent, and if the value is something else, which is reported.
    mutating func read<Value>(_ key: String, _ read: (inout JSONFields) -> Value?) -> Value? {
        guard let value = value(key) else { return nil }
        var inner = JSONFields(value, at: place(of: key))
        let result = read(&inner)
        report(inner.problems)
        return inner.problems.isEmpty ? result : nil
    }

    /// The value of a key that must be there.
    mutating func required<Value>(_ key: String, _ read: (JSONValue) -> Value?, _ expected: String) -> Value? {
        guard let value = value(key) else {
            report(key, "missing")
            return nil
        }
        guard let result = read(value) else {
            report(key, "expected \(expected), found \(value.kind)")
            return nil
        }
        return result
    }

    /// The text of one of an enumeration's raw values.
    mutating func word<Word: RawRepresentable & CaseIterable>(_ key: String, _ type: Word.Type) -> Word?
    where Word.RawValue == String {
        guard let text = string(key) else { return nil }
        guard let word = Word(rawValue: text) else {
            let allowed = Word.allCases.map(\.rawValue).joined(separator: ", ")
            report(key, "\"\(text)\" is none of \(allowed)")
            return nil
        }
        return word
    }

    mutating func address(_ key: String) -> PCIAddress? {
        guard let text = string(key) else { return nil }
        guard let address = PCIAddress(text) else {
            report(key, "\"\(text)\" is no PCI address")
            return nil
        }
        return address
    }

    mutating func mac(_ key: String) -> MACAddress? {
        guard let text = string(key) else { return nil }
        guard let mac = MACAddress(text) else {
            report(key, "\"\(text)\" is no MAC address")
            return nil
        }
        return mac
    }
}

extension JSONValue {
    var uint64: UInt64? {
        if case .number(let number) = self { number.uint64 } else { nil }
    }
}
