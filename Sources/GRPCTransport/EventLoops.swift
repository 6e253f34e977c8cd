package import NIOPosix

/// The one event loop thread that all sockets of the process share; it lives as long as the process.
package enum EventLoops {
    /// One thread: what the daemon does on its sockets is little.
    package static let shared = MultiThreadedEventLoopGroup(numberOfThreads: 1)
}
