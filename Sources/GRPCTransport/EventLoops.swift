import NIOPosix

/// The one event loop thread that all sockets of the process share; it lives as long as the process.
enum EventLoops {
    static let shared = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
