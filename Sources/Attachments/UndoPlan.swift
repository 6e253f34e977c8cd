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
    /// Take the driver off; an interface in a sandbox ends with that.
    case unbindDriver(FunctionDriver)
    /// Reset the device itself (`reset` in sysfs, function-level where the device has that).
    ///
    /// What the tenant programmed ends there. `isOnlyReset` where no driver starts anew, so that a failure is one.
    case resetDevice(isOnlyReset: Bool)
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
/// The next tenant finds nothing of the former: what the driver kept (rings, offloads, filters, queue disciplines) ends with
/// its interface, what the device kept ends with its reset. That is done whatever the function looks like, because a
/// tenant that may administer its interface can make it look untouched. The order keeps tenants apart: the function is
/// taken from the sandbox before anything the PF enforces is loosened.
package struct UndoPlan: Equatable, Sendable {
    /// In order; never empty.
    package var steps: [UndoStep]

    /// Plans the way from `observed` to `state`.
    ///
    /// - Parameters:
    ///   - state: What to return to: the baseline, completed by the originals of the record. Where it knows no
    ///     interface, the one that the driver makes anew stays as it is made.
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
        let restore = state.interface.map { [UndoStep.restoreInterface($0)] } ?? []
        switch (observed.place, observed.driver) {
        case (.unplugged, _): throw .unplugged
        case (.elsewhere, _): throw .interfaceElsewhere
        case (.noInterface, nil):
            // A kill between taking the driver off and putting it on leaves a function without any.
            guard let driver, !driver.isUserspace else { fallthrough }
            self.steps = [.resetDevice(isOnlyReset: false)] + settings + [.bindDriver(driver)] + restore
        case (.noInterface, _), (.host, nil), (.sandbox, nil):
            self.steps = [.resetDevice(isOnlyReset: true)] + settings
        case (.host, let driver?), (.sandbox, let driver?):
            self.steps =
                [.unbindDriver(driver), .resetDevice(isOnlyReset: false)] + settings + [.bindDriver(driver)] + restore
        }
    }
}

extension FunctionInterface {
    /// Whether nothing needs to be changed for it to be `target`; further alternative names do no harm.
    package func stands(as target: FunctionInterface) -> Bool {
        name == target.name && mac == target.mac && mtu == target.mtu
            && target.alternativeNames.allSatisfy { alternativeNames.contains($0) }
    }
}
