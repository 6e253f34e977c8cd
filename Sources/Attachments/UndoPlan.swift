/// Where the kernel shows a function now.
package struct FunctionObservation: Equatable, Sendable {
    /// Where its interface is.
    package enum Place: Equatable, Sendable {
        /// In the host's namespace.
        case host(FunctionInterface)
        /// In the namespace of the attachment.
        case sandbox(FunctionInterface)
        /// Nowhere, as its driver makes none or none is bound.
        case noInterface
        /// It has a network driver, and is in neither namespace: somebody moved it on.
        case elsewhere
        /// The device itself is gone.
        case unplugged
    }

    package var place: Place
    /// The driver bound now.
    package var driver: FunctionDriver?
    /// What the PF shows now; empty if the PF is not visible.
    package var settings: FunctionSettings

    package init(place: Place, driver: FunctionDriver?, settings: FunctionSettings = FunctionSettings()) {
        self.place = place
        self.driver = driver
        self.settings = settings
    }
}

/// One step of giving a function back, to be taken in order; each counts as done when what it undoes is gone.
package enum UndoStep: Equatable, Sendable {
    /// Move the interface from the sandbox to the host and give it this name, address and MTU, in one message.
    ///
    /// The kernel takes it down on the way, so that nothing is left to send on it.
    case returnToHost(FunctionInterface)
    /// Take the driver off; an interface in a sandbox ends with that.
    case unbindDriver(FunctionDriver)
    /// Set on the PF exactly what is given.
    case applySettings(FunctionSettings)
    /// Put the driver on again and wait for the interface.
    case bindDriver(FunctionDriver)
    /// Give the interface on the host this name, address, MTU and these alternative names where they differ.
    case restoreInterface(FunctionInterface)
}

/// Why a function cannot be given back as it stands.
package enum UndoObstacle: Error, Equatable, Sendable, CustomStringConvertible {
    /// Its interface is in a namespace that is neither the host's nor the attachment's.
    case interfaceElsewhere
    /// The device is gone, and with it everything that was set on it.
    case unplugged

    package var description: String {
        switch self {
        case .interfaceElsewhere: "its interface is neither on the host nor in the sandbox"
        case .unplugged: "the device is gone"
        }
    }
}

/// The steps that bring a function back to a state, derived from that state and from what the kernel shows.
///
/// The order keeps tenants apart: the interface leaves the sandbox before anything the PF enforces is loosened.
package struct UndoPlan: Equatable, Sendable {
    /// Empty if the function stands as it should.
    package var steps: [UndoStep]

    /// Plans the way from `observed` to `state`.
    ///
    /// - Parameters:
    ///   - state: What to return to: the baseline, completed by the originals of the record.
    ///   - driver: The driver it had then.
    ///   - observed: What the kernel shows.
    /// - Throws: ``UndoObstacle`` if nothing can or may be done.
    package init(
        to state: FunctionState,
        driver: FunctionDriver?,
        from observed: FunctionObservation
    ) throws(UndoObstacle) {
        let change = observed.settings.change(to: state.settings)
        let settings: [UndoStep] = change.isEmpty ? [] : [.applySettings(change)]
        switch observed.place {
        case .unplugged: throw .unplugged
        case .elsewhere: throw .interfaceElsewhere
        case .noInterface: self.steps = settings + Self.rebinding(driver, to: state, from: observed)
        case .host(let interface), .sandbox(let interface):
            if let driver = observed.driver, driver.mustReload(after: change) {
                let restore = state.interface.map { [UndoStep.restoreInterface($0)] } ?? []
                self.steps = [.unbindDriver(driver)] + settings + [.bindDriver(driver)] + restore
            } else {
                let home = Self.comingHome(interface, to: state, from: observed.place)
                self.steps = home + settings
            }
        }
    }

    private static func comingHome(
        _ interface: FunctionInterface,
        to state: FunctionState,
        from place: FunctionObservation.Place
    ) -> [UndoStep] {
        let target = state.interface ?? interface
        if case .sandbox = place { return [.returnToHost(target), .restoreInterface(target)] }
        return interface.stands(as: target) ? [] : [.restoreInterface(target)]
    }

    /// A kill between taking the driver off and putting it on leaves a function without any.
    private static func rebinding(
        _ driver: FunctionDriver?,
        to state: FunctionState,
        from observed: FunctionObservation
    ) -> [UndoStep] {
        guard observed.driver == nil, let driver, let interface = state.interface else { return [] }
        return [.bindDriver(driver), .restoreInterface(interface)]
    }
}

extension FunctionInterface {
    /// Whether nothing needs to be changed for it to be `target`; further alternative names do no harm.
    package func stands(as target: FunctionInterface) -> Bool {
        name == target.name && mac == target.mac && mtu == target.mtu
            && target.alternativeNames.allSatisfy { alternativeNames.contains($0) }
    }
}
