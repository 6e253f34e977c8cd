import Glibc
package import HardwareConfiguration
import LinuxSystem
import PCI

/// Takes the steps of a plan, one after another, and stops at the first that fails.
///
/// It looks again before each step and skips what is so already, so a run that stopped half-way can be repeated.
package struct StepPerformer: Sendable {
    private let devices: String
    private let drivers: String
    private let orders: KernelOrders
    private let settleMilliseconds: UInt64

    /// How a step ended that did not fail.
    package enum Outcome: Sendable, Equatable {
        case done
        /// There was nothing to do.
        case alreadySo
    }

    /// Names the tree and who carries orders out.
    ///
    /// - Parameters:
    ///   - sysfs: Where sysfs is mounted, writable.
    ///   - orders: Who changes the machine.
    ///   - settleMilliseconds: How long new VFs may take to get their drivers and interfaces; later ones are not missed,
    ///     they are only not awaited.
    package init(sysfs: String = "/sys", orders: KernelOrders = .kernel, settleMilliseconds: UInt64 = 5000) {
        self.devices = "\(sysfs)/bus/pci/devices"
        self.drivers = "\(sysfs)/bus/pci/drivers"
        self.orders = orders
        self.settleMilliseconds = settleMilliseconds
    }

    /// Takes the steps in order.
    ///
    /// - Parameters:
    ///   - steps: Of a plan.
    ///   - begin: Told of each step before it is taken: making many VFs takes a driver seconds.
    ///   - end: Told of each step that did not fail.
    /// - Throws: ``StepFailure`` of the first step that failed, with those that were taken.
    package func perform(
        _ steps: [HardwareStep],
        begin: (HardwareStep) -> Void = { _ in },
        end: (HardwareStep, Outcome) -> Void = { _, _ in }
    ) throws(StepFailure) {
        var done: [HardwareStep] = []
        for step in steps {
            begin(step)
            do throws(StepFailure.Cause) {
                let outcome = try perform(step)
                if outcome == .done { done.append(step) }
                end(step, outcome)
            } catch {
                throw StepFailure(step: step, cause: error, done: done)
            }
        }
    }

    /// Looks whether the drivers are there that no event of the kernel loads, before anything is changed.
    ///
    /// A network driver is loaded when the first VF of its kind appears; vfio and uio drivers wait to be asked for.
    ///
    /// - Throws: ``StepFailure`` of the first step whose driver is missing, with nothing done.
    package func requireDrivers(for steps: [HardwareStep]) throws(StepFailure) {
        for case .bindDriver(let pf, let index, let driver) in steps where isUserspaceDriver(driver) {
            let step = HardwareStep.bindDriver(pf, index: index, driver: driver)
            do throws(StepFailure.Cause) {
                guard try exists("\(drivers)/\(driver)") else { throw .noDriver(driver) }
            } catch {
                throw StepFailure(step: step, cause: error, done: [])
            }
        }
    }

    private func perform(_ step: HardwareStep) throws(StepFailure.Cause) -> Outcome {
        switch step {
        case .bringUp(_, let interface): try orders.bringUp(interface)
        case .setMTU(let pf, let interface, _, let mtu):
            try write(String(mtu), "\(devices)/\(pf)/net/\(interface)/mtu")
        case .removeVirtualFunctions(let pf, _):
            guard try count(of: pf) != 0 else { return .alreadySo }
            try write("0", "\(devices)/\(pf)/sriov_numvfs")
        case .createVirtualFunctions(let pf, let count): return try create(count, on: pf)
        case .bindDriver(let pf, let index, let driver): return try bind(try virtualFunction(index, of: pf), to: driver)
        case .restoreDriver(let pf, let index, _): try restoreDriver(of: try virtualFunction(index, of: pf))
        }
        return .done
    }

    // MARK: Virtual functions

    private func create(_ wanted: Int, on pf: PCIAddress) throws(StepFailure.Cause) -> Outcome {
        guard try count(of: pf) != wanted else { return .alreadySo }
        try write(String(wanted), "\(devices)/\(pf)/sriov_numvfs")
        let found = try count(of: pf)
        guard found == wanted else { throw .otherCount(found: found, wanted: wanted) }
        let deadline = Deadline.after(milliseconds: settleMilliseconds)
        for index in 0..<wanted {
            let link = "\(devices)/\(pf)/virtfn\(index)"
            guard try wait(until: deadline, { () throws(StepFailure.Cause) in try exists(link) }) else {
                throw .noVirtualFunction(index: index)
            }
        }
        // Where the PF probes no drivers there is nothing to wait for.
        guard try number("\(devices)/\(pf)/sriov_drivers_autoprobe") != 0 else { return .done }
        for index in 0..<wanted {
            try awaitInterface(of: "\(devices)/\(pf)/virtfn\(index)", until: deadline)
        }
        return .done
    }

    private func count(of pf: PCIAddress) throws(StepFailure.Cause) -> Int {
        try number("\(devices)/\(pf)/sriov_numvfs") ?? 0
    }

    /// The directory of a virtual function on the bus.
    private func virtualFunction(_ index: Int, of pf: PCIAddress) throws(StepFailure.Cause) -> VirtualFunction {
        let name = try kernel { () throws(SystemError) in try File.linkName("\(devices)/\(pf)/virtfn\(index)") }
        guard let name, let address = PCIAddress(name) else { throw .noVirtualFunction(index: index) }
        return VirtualFunction(address: address, path: "\(devices)/\(address)")
    }

    private struct VirtualFunction {
        var address: PCIAddress
        var path: String
    }

    // MARK: Drivers

    private func bind(_ vf: VirtualFunction, to driver: String) throws(StepFailure.Cause) -> Outcome {
        let bound = try driverName(vf.path)
        guard bound != driver else { return .alreadySo }
        guard try exists("\(drivers)/\(driver)") else { throw .noDriver(driver) }
        try write(driver, "\(vf.path)/driver_override")
        if bound != nil { try write(vf.address.description, "\(vf.path)/driver/unbind") }
        // The driver's own file, because unlike drivers_probe it answers with what the driver said.
        try write(vf.address.description, "\(drivers)/\(driver)/bind")
        let found = try driverName(vf.path)
        guard found == driver else { throw .notBound(driver: driver, found: found) }
        try awaitInterface(of: vf.path, until: .after(milliseconds: settleMilliseconds))
        return .done
    }

    private func restoreDriver(of vf: VirtualFunction) throws(StepFailure.Cause) {
        if try driverName(vf.path) != nil { try write(vf.address.description, "\(vf.path)/driver/unbind") }
        // An empty line is how the kernel takes an override away.
        try write("\n", "\(vf.path)/driver_override")
        try write(vf.address.description, "\(drivers)_probe")
        try awaitInterface(of: vf.path, until: .after(milliseconds: settleMilliseconds))
    }

    private func driverName(_ path: String) throws(StepFailure.Cause) -> String? {
        try kernel { () throws(SystemError) in try File.linkName("\(path)/driver") }
    }

    /// Waits until a function has a driver, and the interface that a network driver makes.
    private func awaitInterface(of path: String, until deadline: Deadline) throws(StepFailure.Cause) {
        _ = try wait(until: deadline) { () throws(StepFailure.Cause) in
            guard let driver = try driverName(path) else { return false }
            guard !isUserspaceDriver(driver) else { return true }
            return try !entries("\(path)/net").isEmpty
        }
    }

    // MARK: sysfs

    private func write(_ text: String, _ path: String) throws(StepFailure.Cause) {
        try orders.write(text, path)
    }

    private func number(_ path: String) throws(StepFailure.Cause) -> Int? {
        try kernel { () throws(SystemError) in try Attribute.readIfPresent(path) }.flatMap { Int($0) }
    }

    private func exists(_ path: String) throws(StepFailure.Cause) -> Bool {
        try kernel { () throws(SystemError) in try File.exists(path) }
    }

    private func entries(_ path: String) throws(StepFailure.Cause) -> [String] {
        try kernel { () throws(SystemError) in try Directory.entriesIfPresent(path) } ?? []
    }

    private func kernel<Value>(_ call: () throws(SystemError) -> Value) throws(StepFailure.Cause) -> Value {
        do throws(SystemError) {
            return try call()
        } catch {
            throw .kernel(error)
        }
    }

    /// Asks again and again until the answer is yes or the time is over.
    ///
    /// sysfs gives no notice of links that appear.
    private func wait(
        until deadline: Deadline,
        _ condition: () throws(StepFailure.Cause) -> Bool
    ) throws(StepFailure.Cause) -> Bool {
        while try !condition() {
            guard !deadline.isPast else { return false }
            usleep(20_000)
        }
        return true
    }
}
