import GRPC
import GRPCTransport
package import KubeletAPI
import LinuxSystem
import Logging
import Protobuf
import ResourcePools

/// One resource and all that the kubelet has of it: a socket, a registration, a stream of device lists.
///
/// The kubelet names no resource in its calls, so each resource has a socket of its own.
actor ResourcePlugin {
    /// What happened, in the order it is to be dealt with.
    enum Input: Sendable {
        case kubeletAppeared(FileStamp)
        case socketLost(generation: Int)
        case streamOpened(generation: Int)
        case streamEnded(generation: Int)
        case timePassed
    }

    let resource: ResourceName
    let directory: KubeletDirectory
    let names: SocketNames
    let allowedUserIDs: Set<UInt32>
    let logger: Logger

    private(set) var assignment: PoolAssignment
    private var revision = 0
    private var encodedList: [UInt8]
    var registration = Registration()
    /// The server and which one in a row it is; streams of an earlier one count no more.
    var serving: (server: GRPCServer, generation: Int)?
    var generation = 0
    /// The kubelet's socket that the last `Register` was meant for.
    var attemptedSocket: FileStamp?
    var lastRefusal: String?

    private var streams: [Int: AsyncStream<[UInt8]>.Continuation] = [:]
    private var streamsMade = 0
    private var allocations = 0
    private var isWithdrawn = false
    private var timer: Task<Void, Never>?
    private var loop: Task<Void, Never>?
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    init(
        _ assignment: PoolAssignment,
        in directory: KubeletDirectory,
        names: SocketNames,
        allowedUserIDs: Set<UInt32>,
        logger: Logger
    ) {
        self.resource = assignment.pool.resource
        self.directory = directory
        self.names = names
        self.allowedUserIDs = allowedUserIDs
        var logger = logger
        logger[metadataKey: "resource"] = "\(assignment.pool.resource)"
        self.logger = logger
        self.assignment = assignment
        self.encodedList = assignment.deviceList.encoded()
        (self.inputs, self.input) = AsyncStream.makeStream()
    }

    // MARK: Life

    /// Begins to register.
    func start() {
        guard loop == nil else { return }
        loop = Task { await self.run() }
    }

    private func run() async {
        await perform(registration.begin())
        for await input in inputs {
            await perform(handle(input))
        }
    }

    private func handle(_ input: Input) -> Registration.Action {
        let now = ContinuousClock.now
        switch input {
        case .kubeletAppeared(let socket):
            // An attempt may have met the new socket between its bind and its listen.
            let isDealtWith = socket == attemptedSocket && registration.phase != .backingOff
            return isDealtWith ? .none : registration.kubeletAppeared()
        case .socketLost(let generation):
            return generation == self.generation ? registration.socketLost() : .none
        case .streamOpened(let generation):
            return generation == self.generation ? registration.streamOpened(now: now) : .none
        case .streamEnded(let generation):
            return generation == self.generation ? registration.streamEnded(now: now) : .none
        case .timePassed: return registration.timePassed(now: now)
        }
    }

    private func perform(_ first: Registration.Action) async {
        var action = first
        while !Task.isCancelled {
            switch action {
            case .prepare: action = await prepare()
            case .register: action = await register()
            case .none:
                armTimer()
                return
            }
        }
    }

    private func armTimer() {
        timer?.cancel()
        timer = registration.deadline.map { deadline in
            Task { [input] in
                // Cancelled: another deadline counts now, and has a timer of its own.
                guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
                input.yield(.timePassed)
            }
        }
    }

    /// Compares what is in the directory with what should be.
    func look(at kubeletSocket: FileStamp?, isNew: Bool) {
        if let kubeletSocket, isNew {
            input.yield(.kubeletAppeared(kubeletSocket))
        } else if let serving, !serving.server.ownsSocketFile {
            input.yield(.socketLost(generation: serving.generation))
        }
    }

    /// Takes every device back, ends the streams, then goes away; the kubelet is left with a capacity of zero.
    func withdraw() async {
        isWithdrawn = true
        loop?.cancel()
        await loop?.value
        timer?.cancel()
        input.finish()
        let empty = DevicePluginV1Beta1.ListAndWatchResponse().encoded()
        for stream in streams.values {
            stream.yield(empty)
            stream.finish()
        }
        await waitForStreams()
        await stopServing(GRPCStatusError(.unavailable, "\(resource) was withdrawn"))
        logger.info("withdrew the resource")
    }

    /// Lets each stream send its last list; a kubelet that does not read is not waited for.
    private func waitForStreams() async {
        let limit = ContinuousClock.now + .seconds(2)
        while !streams.isEmpty, ContinuousClock.now < limit {
            // Cancelled or not, the limit holds.
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: Devices

    /// Takes over a new device list and tells the kubelet, if it differs from the one before.
    ///
    /// - Parameters:
    ///   - assignment: The pool with its devices.
    ///   - revision: Grows with each update; one that comes late changes nothing.
    func update(_ assignment: PoolAssignment, revision: Int) {
        guard revision > self.revision else { return }
        self.revision = revision
        self.assignment = assignment
        let list = assignment.deviceList.encoded()
        guard list != encodedList, !isWithdrawn else { return }
        encodedList = list
        for stream in streams.values { stream.yield(list) }
        logger.info("device list changed", metadata: ["devices": "\(assignment.devices.count)"])
    }

    /// A stream was opened on the server of `generation`.
    ///
    /// - Returns: Its number, and the lists it is to send: the present one at once, then each change, of several the newest.
    func openStream(generation: Int) -> (id: Int, lists: AsyncStream<[UInt8]>) {
        let (lists, continuation) = AsyncStream.makeStream(of: [UInt8].self, bufferingPolicy: .bufferingNewest(1))
        streamsMade += 1
        continuation.yield(isWithdrawn ? DevicePluginV1Beta1.ListAndWatchResponse().encoded() : encodedList)
        if isWithdrawn || generation != self.generation { continuation.finish() }
        streams[streamsMade] = continuation
        input.yield(.streamOpened(generation: generation))
        logger.info("the kubelet opened its stream", metadata: ["devices": "\(assignment.devices.count)"])
        return (streamsMade, lists)
    }

    /// A stream ended, whoever ended it.
    func closeStream(_ id: Int, generation: Int) {
        streams.removeValue(forKey: id)?.finish()
        guard streams.isEmpty, generation == self.generation else { return }
        input.yield(.streamEnded(generation: generation))
        if !isWithdrawn { logger.warning("the kubelet's stream ended") }
    }

    /// Ends the lists of streams whose server is gone, so that the next server begins with none.
    func endStreams() {
        for stream in streams.values { stream.finish() }
        streams = [:]
    }

    var hasStream: Bool { !streams.isEmpty }

    /// Counts an allocation that was granted.
    func noteAllocation(of ids: [String]) {
        allocations += 1
        logger.info("allocated", metadata: ["ids": "\(ids.joined(separator: ","))"])
    }

    /// How the resource stands.
    func status() -> ResourcePluginStatus {
        ResourcePluginStatus(
            resource: resource,
            devices: assignment.devices.count,
            healthyDevices: assignment.devices.count { $0.ailment == nil },
            phase: registration.phase,
            isStreamOpen: hasStream,
            allocations: allocations,
            socketPath: serving?.server.socketPath,
            lastRefusal: lastRefusal
        )
    }
}

/// How one resource stands with the kubelet.
package struct ResourcePluginStatus: Sendable, Equatable {
    package var resource: ResourceName
    package var devices: Int
    package var healthyDevices: Int
    package var phase: Registration.Phase
    /// Whether the kubelet listens for device lists; only then do its numbers follow ours.
    package var isStreamOpen: Bool
    /// How many `Allocate` calls were granted since the start.
    package var allocations: Int
    /// `nil` while there is none.
    package var socketPath: String?
    /// Why the last attempt to register failed; `nil` after one that did not.
    package var lastRefusal: String?

    /// Whether the kubelet has the resource and listens.
    package var isRegistered: Bool { phase == .registered }
}
