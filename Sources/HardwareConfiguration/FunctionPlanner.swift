import PCI

/// Plans for one physical function.
struct FunctionPlanner {
    let function: PCIFunction
    let virtualFunctions: [PCIFunction]
    let declaration: NICDeclaration
    let path: String
    let inUse: [PCIAddress: String]

    private var address: PCIAddress { function.address }
    private var count: Int { function.sriov?.numVFs ?? 0 }
    private var wanted: Int { declaration.virtualFunctions ?? count }

    func plan() -> FunctionPlan {
        let problems = problems()
        return FunctionPlan(address: address, steps: problems.isEmpty ? steps() : [], problems: problems)
    }

    private func problems() -> [HardwareProblem] {
        var problems: [HardwareProblem] = []
        let report = { (key: String, reason: HardwareProblem.Reason) in
            problems.append(HardwareProblem(function: address, path: "\(path).\(key)", reason: reason))
        }
        if wanted > 0, function.sriov == nil {
            report("virtualFunctions", .cannotMakeVirtualFunctions)
        } else if let limit = function.sriov?.totalVFs, wanted > limit {
            report("virtualFunctions", .tooManyVirtualFunctions(wanted: wanted, limit: limit))
        }
        if declaration.mtu != nil, function.interfaces.isEmpty { report("mtu", .noInterface) }
        let held = virtualFunctions.filter(isDisturbed).compactMap { vf in
            inUse[vf.address].map { HeldFunction(address: vf.address, index: vf.virtual?.index ?? 0, reason: $0) }
        }
        if !held.isEmpty { report(wanted != count ? "virtualFunctions" : "drivers", .inUse(held)) }
        return problems
    }

    /// Whether the plan takes the virtual function away or binds it anew.
    private func isDisturbed(_ vf: PCIFunction) -> Bool { wanted != count || driverStep(for: vf) != nil }

    private func steps() -> [HardwareStep] {
        var steps: [HardwareStep] = []
        for interface in function.interfaces {
            if wanted > 0, !interface.isUp { steps.append(.bringUp(address, interface: interface.name)) }
            if let mtu = declaration.mtu, mtu != interface.mtu {
                steps.append(.setMTU(address, interface: interface.name, from: interface.mtu, to: mtu))
            }
        }
        guard wanted != count else { return steps + virtualFunctions.compactMap(driverStep) }
        if count > 0 { steps.append(.removeVirtualFunctions(address, count: count)) }
        if wanted > 0 { steps.append(.createVirtualFunctions(address, count: wanted)) }
        for index in 0..<wanted {
            guard let driver = declaration.driver(of: index) else { continue }
            steps.append(.bindDriver(address, index: index, driver: driver))
        }
        return steps
    }

    /// What brings a virtual function that is there to its driver; `nil` if it has the right one.
    private func driverStep(for vf: PCIFunction) -> HardwareStep? {
        // A document that counts no functions says nothing about their drivers.
        guard let index = vf.virtual?.index, declaration.virtualFunctions != nil else { return nil }
        if let driver = declaration.driver(of: index) {
            return vf.driver == driver ? nil : .bindDriver(address, index: index, driver: driver)
        }
        // Without an override the kernel has chosen already, whatever it chose.
        return vf.driverOverride == nil ? nil : .restoreDriver(address, index: index, from: vf.driver)
    }
}
