import NIOCore

/// The loop around a machine: reads into it, carries its events out, writes what it has to say, wakes it at its deadline.
///
/// It reads only while the machine wants input and takes output only while the socket takes it, so what a peer can make us
/// hold is what the machine bounds.
final class MachineHandler<Machine: ConnectionMachine & ~Copyable>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    var machine: Machine
    /// Called with each event, on the event loop.
    var onEvent: (Machine.Event) -> Void = { _ in }

    /// Called once when the channel has closed, with the reason, after the last event.
    var onClose: (String) -> Void = { _ in }

    private var context: ChannelHandlerContext?
    private var isReading = false
    private var isRunning = false
    private var isClosing = false
    private var wakeUp: Scheduled<Void>?
    private var wakeUpTime: ContinuousClock.Instant?
    private var lossReason = "connection closed by the peer"

    /// How long a peer may take to read the last octets before its connection is closed on it.
    private static var closingTime: TimeAmount { .seconds(5) }

    init(_ machine: consuming Machine) { self.machine = machine }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        run()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { run() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        guard let bytes = buffer.readBytes(length: buffer.readableBytes) else { return }
        machine.receive(bytes, now: .now)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        run()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { run() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        lossReason = "connection lost: \(error)"
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        machine.transportLost(lossReason)
        deliverEvents()
        self.context = nil
        wakeUp?.cancel()
        onClose(lossReason)
    }

    /// Drains the machine after it was given something.
    func run() {
        guard let context, !isRunning, context.channel.isActive else { return }
        isRunning = true
        while true {
            let hadEvents = deliverEvents()
            guard context.channel.isWritable else { break }
            let output = machine.takeOutput()
            guard hadEvents || !output.isEmpty else { break }
            if output.isEmpty { continue }
            context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: output)), promise: nil)
        }
        isRunning = false
        guard context.channel.isActive else { return }  // writing may have found out that the peer is gone
        if machine.isFinished { return closeAfterOutput(context) }
        if machine.wantsInput, !isReading {
            isReading = true
            context.read()
        }
        scheduleWakeUp(context)
    }

    /// Carries out what has happened, without any I/O; `false` if nothing has.
    @discardableResult
    func deliverEvents() -> Bool {
        var hadEvents = false
        while let event = machine.nextEvent() {
            hadEvents = true
            onEvent(event)
        }
        return hadEvents
    }

    /// Closes without regard to what is unsent.
    func close() { context?.close(promise: nil) }

    private func closeAfterOutput(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        isClosing = true
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(channel.allocator.buffer(capacity: 0)))
            .whenComplete { _ in channel.close(promise: nil) }
        channel.eventLoop.scheduleTask(in: Self.closingTime) { channel.close(promise: nil) }
    }

    private func scheduleWakeUp(_ context: ChannelHandlerContext) {
        guard let deadline = machine.deadline else { return }
        if let wakeUpTime, wakeUpTime <= deadline { return }
        wakeUp?.cancel()
        wakeUpTime = deadline
        let delay = max(deadline - .now, .zero)
        // A deadline beyond a day is looked at again after a day, which keeps the arithmetic far from its end.
        let nanoseconds = delay < .seconds(86_400) ? Int64(delay / .nanoseconds(1)) : 86_400_000_000_000
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        wakeUp = context.eventLoop.scheduleTask(in: .nanoseconds(nanoseconds + 1)) {
            bound.value.wakeUpTime = nil
            bound.value.machine.timePassed(now: .now)
            bound.value.run()
        }
    }
}
