import Addresses
import Attachments
import Testing

@Suite struct UndoPlanTests {
    let igbvf = FunctionDriver(rawValue: "igbvf")
    let iavf = FunctionDriver(rawValue: "iavf")

    @Test func `a function that stands as it should is reset all the same`() throws {
        let state = try Sample.state()
        let observed = FunctionObservation(
            place: .host(try Sample.interface()),
            driver: igbvf,
            settings: Sample.settings
        )
        #expect(
            try UndoPlan(to: state, driver: igbvf, from: observed).steps == [
                .unbindDriver(igbvf), .resetDevice(isOnlyReset: false), .bindDriver(igbvf),
                .restoreInterface(try Sample.interface()),
            ]
        )
    }

    @Test func `a function leaves the sandbox and is reset before the PF loosens anything`() throws {
        let state = try Sample.state()
        var settings = Sample.settings
        settings.isTrusted = true
        settings.vlan = VLANTag(identifier: 100)
        let inPod = try Sample.interface("net1", mac: "02:00:00:00:00:01")
        let observed = FunctionObservation(place: .sandbox(inPod), driver: iavf, settings: settings)
        #expect(
            try UndoPlan(to: state, driver: iavf, from: observed).steps == [
                .unbindDriver(iavf), .resetDevice(isOnlyReset: false),
                .applySettings(FunctionSettings(vlan: VLANTag.none, isTrusted: false)), .bindDriver(iavf),
                .restoreInterface(try Sample.interface()),
            ]
        )
    }

    @Test func `a function under a userspace driver is reset itself, then on the PF`() throws {
        let vfio = FunctionDriver(rawValue: "vfio-pci")
        var settings = Sample.settings
        settings.vlan = VLANTag(identifier: 7)
        let observed = FunctionObservation(place: .noInterface, driver: vfio, settings: settings)
        let state = FunctionState(settings: Sample.settings)
        #expect(
            try UndoPlan(to: state, driver: vfio, from: observed).steps == [
                .resetDevice(isOnlyReset: true), .applySettings(FunctionSettings(vlan: VLANTag.none)),
            ]
        )
    }

    @Test func `a driver that was taken off and not put on again is put on after a reset`() throws {
        let observed = FunctionObservation(place: .noInterface, driver: nil, settings: Sample.settings)
        #expect(
            try UndoPlan(to: try Sample.state(), driver: igbvf, from: observed).steps == [
                .resetDevice(isOnlyReset: false), .bindDriver(igbvf), .restoreInterface(try Sample.interface()),
            ]
        )
    }

    @Test func `a userspace driver that was taken off is not put on`() throws {
        let vfio = FunctionDriver(rawValue: "vfio-pci")
        let observed = FunctionObservation(place: .noInterface, driver: nil, settings: Sample.settings)
        #expect(
            try UndoPlan(to: try Sample.state(), driver: vfio, from: observed).steps == [
                .resetDevice(isOnlyReset: true)
            ]
        )
    }

    @Test func `an interface that somebody moved on is not touched`() throws {
        let observed = FunctionObservation(place: .elsewhere, driver: igbvf, settings: Sample.settings)
        #expect(throws: UndoObstacle.interfaceElsewhere) {
            try UndoPlan(to: try Sample.state(), driver: igbvf, from: observed)
        }
    }

    @Test func `an unplugged device is an obstacle of its own`() throws {
        let observed = FunctionObservation(place: .unplugged, driver: nil)
        #expect(throws: UndoObstacle.unplugged) {
            try UndoPlan(to: try Sample.state(), driver: igbvf, from: observed)
        }
    }

    @Test func `an interface of which nothing is known stays as the driver makes it`() throws {
        let observed = FunctionObservation(place: .sandbox(try Sample.interface("net1")), driver: iavf)
        #expect(
            try UndoPlan(to: FunctionState(), driver: iavf, from: observed).steps == [
                .unbindDriver(iavf), .resetDevice(isOnlyReset: false), .bindDriver(iavf),
            ]
        )
    }

    @Test func `what the PF does not tell is not set`() {
        let wanted = FunctionSettings(checksSource: true)
        #expect(FunctionSettings().change(to: wanted) == wanted)
        #expect(wanted.change(to: FunctionSettings()).isEmpty)
        #expect(Sample.settings.change(to: Sample.settings).isEmpty)
    }
}

@Suite struct BaselineTests {
    @Test func `what is written is read again as it was`() throws {
        var settings = Sample.settings
        settings.linkState = .auto
        settings.vlan = VLANTag(identifier: 5, priority: 3, tagProtocol: .service)
        settings.rate = RateLimits(minimumMbps: 1, maximumMbps: 200)
        let baseline = Baseline(
            address: try Sample.address(),
            bootID: Sample.bootID,
            state: FunctionState(interface: try Sample.interface(), settings: settings)
        )
        #expect(try Baseline(parsing: baseline.serialized()) == baseline)
    }

    @Test func `the first state seen in a boot is kept`() throws {
        let address = try Sample.address()
        let first = Baseline.learned(over: nil, address: address, state: try Sample.state(), bootID: Sample.bootID)
        #expect(first?.state == (try Sample.state()))
        var dirty = try Sample.state()
        dirty.settings.isTrusted = true
        #expect(Baseline.learned(over: first, address: address, state: dirty, bootID: Sample.bootID) == nil)
    }

    @Test func `what was unknown at first is added`() throws {
        let userspace = FunctionState(settings: Sample.settings)
        let first = Baseline(address: try Sample.address(), bootID: Sample.bootID, state: userspace)
        let later = Baseline.learned(
            over: first,
            address: try Sample.address(),
            state: try Sample.state(),
            bootID: Sample.bootID
        )
        #expect(later?.state == (try Sample.state()))
    }

    @Test func `alternative names of both states count`() throws {
        var base = try Sample.state()
        var later = try Sample.state()
        later.interface?.alternativeNames = ["enp1s0f0v0", "wan"]
        later.interface?.mtu = 9000
        #expect(base.completed(by: later).interface?.alternativeNames == ["enp1s0f0v0", "wan"])
        #expect(base.completed(by: later).interface?.mtu == 1500)
        base.interface = nil
        #expect(base.completed(by: later).interface == later.interface)
    }

    @Test func `another boot's state is replaced unless it was declared`() throws {
        var kept = Baseline(address: try Sample.address(), bootID: Sample.otherBootID, state: try Sample.state())
        let now = FunctionState(interface: try Sample.interface("eth9"), settings: Sample.settings)
        let learned = Baseline.learned(over: kept, address: kept.address, state: now, bootID: Sample.bootID)
        #expect(learned?.state == now)
        #expect(learned?.bootID == Sample.bootID)
        kept.isDeclared = true
        #expect(Baseline.learned(over: kept, address: kept.address, state: now, bootID: Sample.bootID) == nil)
    }

    @Test(arguments: [#"{"schema":1}"#, #"{"schema":1,"address":"0000:01:10.0","bootID":"b","state":7}"#, "{"])
    func `a damaged baseline says so`(text: String) {
        #expect(throws: JournalError.self) { try Baseline(parsing: Array(text.utf8)) }
    }
}
