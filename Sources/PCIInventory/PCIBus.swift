import CPCIGuard
import PCI

/// One function as libpci lists it.
struct ListedFunction {
    /// As sysfs names its directory.
    var name: String
    /// `nil` for a domain above 16 bits, as Intel's VMD makes them.
    var address: PCIAddress?
    /// What it is, or why that could not be read.
    var identity: Result<PCIIdentity, Unreadable>

    struct Unreadable: Error {
        var reason: String
    }
}

/// An opened libpci, closed when it goes out of scope.
struct PCIBus: ~Copyable {
    private let handle: OpaquePointer
    private let path: String

    /// Opens the bus at `path`, `/sys/bus/pci`.
    ///
    /// - Parameters:
    ///   - path: The directory that holds `devices`.
    ///   - names: The pci.ids file; `nil` for the distribution's.
    /// - Throws: ``InventoryError`` with libpci's own text.
    init(path: String, names: String?) throws(InventoryError) {
        var message = Self.buffer
        guard let handle = patchbay_pci_open(path, names, &message) else {
            throw InventoryError(call: "open", subject: path, reason: text(message))
        }
        self.handle = handle
        self.path = path
    }

    deinit { patchbay_pci_close(handle) }

    /// Every function of the bus; one that vanished meanwhile is listed with its reason.
    ///
    /// - Throws: ``InventoryError`` if the bus cannot be listed.
    borrowing func scan() throws(InventoryError) -> [ListedFunction] {
        var message = Self.buffer
        var list = patchbay_pci_list()
        defer { patchbay_pci_free(&list) }
        guard patchbay_pci_scan(handle, &list, &message) == 0 else {
            throw InventoryError(call: "scan", subject: path, reason: text(message))
        }
        return UnsafeBufferPointer(start: list.functions, count: list.count).map(Self.listed)
    }

    /// The vendor's name in pci.ids.
    borrowing func name(of vendor: PCIDeviceID) -> String? {
        var name = Self.buffer
        return patchbay_pci_vendor_name(handle, vendor.rawValue, &name) == 1 ? text(name) : nil
    }

    /// The device's name in pci.ids.
    borrowing func name(of device: PCIDeviceID, by vendor: PCIDeviceID) -> String? {
        var name = Self.buffer
        return patchbay_pci_device_name(handle, vendor.rawValue, device.rawValue, &name) == 1 ? text(name) : nil
    }

    private static func listed(_ entry: patchbay_pci_function) -> ListedFunction {
        let name =
            "\(hex(entry.domain, 4)):\(hex(UInt32(entry.bus), 2)):\(hex(UInt32(entry.device), 2)).\(entry.function)"
        let identity = PCIIdentity(
            vendor: PCIDeviceID(entry.vendor_id),
            device: PCIDeviceID(entry.device_id),
            classCode: entry.class_code
        )
        let failure = entry.failure.map { ListedFunction.Unreadable(reason: String(cString: $0)) }
        return ListedFunction(
            name: name,
            address: PCIAddress(name),
            identity: failure.map(Result.failure) ?? .success(identity)
        )
    }

    private static var buffer: [CChar] { Array(repeating: 0, count: Int(PATCHBAY_PCI_TEXT)) }
}

private func hex(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// The text before the zero byte; pci.ids is UTF-8, what is not becomes the replacement character.
private func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
