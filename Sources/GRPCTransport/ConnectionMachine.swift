import GRPC

/// What the two ends of a gRPC connection have in common, for the loop that drives them.
protocol ConnectionMachine: ~Copyable, SendableMetatype {
    associatedtype Event

    mutating func receive(_ bytes: [UInt8], now: ContinuousClock.Instant)
    mutating func timePassed(now: ContinuousClock.Instant)
    mutating func transportLost(_ reason: String)
    mutating func nextEvent() -> Event?
    mutating func takeOutput() -> [UInt8]
    var deadline: ContinuousClock.Instant? { get }
    var wantsInput: Bool { get }
    var isFinished: Bool { get }
}

extension GRPCServerConnection: ConnectionMachine {
    mutating func transportLost(_ reason: String) { connectionLost() }
}

extension GRPCClientConnection: ConnectionMachine {
    mutating func transportLost(_ reason: String) { connectionLost(reason) }
}
