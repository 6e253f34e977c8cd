package import PCI

/// How the physical functions that match should be.
package struct NICDeclaration: Sendable, Equatable {
    package var match: NICMatch
    /// How many virtual functions each has; `nil` leaves what is there.
    package var virtualFunctions: Int?
    /// Of the physical function's interface, in bytes; `nil` leaves what is there.
    package var mtu: Int?
    /// Drivers of virtual functions; those in no range have the kernel's default.
    package var drivers: [VFDriverRange]

    /// A declaration made by hand.
    package init(match: NICMatch, virtualFunctions: Int? = nil, mtu: Int? = nil, drivers: [VFDriverRange] = []) {
        self.match = match
        self.virtualFunctions = virtualFunctions
        self.mtu = mtu
        self.drivers = drivers
    }

    /// The driver that the virtual function `index` should have; `nil` for the kernel's default.
    package func driver(of index: Int) -> String? {
        drivers.first { $0.indexes.contains(index) }?.driver
    }
}

/// Which physical functions a declaration is about: every list that is given must hold the function's value.
package struct NICMatch: Sendable, Equatable {
    package var vendors: [PCIDeviceID] = []
    package var devices: [PCIDeviceID] = []
    package var drivers: [String] = []
    /// Names of the interface in the host's namespace.
    package var names: [String] = []
    package var addresses: [PCIAddress] = []
    package var linkTypes: [LinkType] = []

    /// Matches every physical function and plain NIC.
    package init() {}

    /// Whether `function` is meant.
    ///
    /// Virtual functions never are: they follow from their physical one.
    package func matches(_ function: PCIFunction) -> Bool {
        guard function.virtual == nil else { return false }
        return admits(vendors, function.identity.vendor)
            && admits(devices, function.identity.device)
            && (drivers.isEmpty || function.driver.map(drivers.contains) == true)
            && (names.isEmpty || function.interfaces.contains { names.contains($0.name) })
            && admits(addresses, function.address)
            && (linkTypes.isEmpty || function.interfaces.contains { linkTypes.contains($0.linkType) })
    }

    private func admits<Value: Equatable>(_ list: [Value], _ value: Value) -> Bool {
        list.isEmpty || list.contains(value)
    }
}

/// One driver for some of a PF's virtual functions.
package struct VFDriverRange: Sendable, Equatable {
    package var indexes: VFIndexSet
    /// The kernel's name of the driver: `igbvf`, `vfio-pci`.
    package var driver: String

    /// A range made by hand.
    package init(_ indexes: VFIndexSet, driver: String) {
        self.indexes = indexes
        self.driver = driver
    }
}
