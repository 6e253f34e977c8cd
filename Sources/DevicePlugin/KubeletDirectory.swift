import Glibc
import KubeletAPI
import LinuxSystem
import Logging
import NIOPosix

/// Watches the directory in which the kubelet and its plugins have their sockets.
///
/// The directory and not the socket: a kubelet that restarts replaces the file. Besides what the kernel tells, it looks
/// every half second, since events can be lost and a directory can be replaced as a whole.
struct KubeletDirectory: Sendable {
    let path: String
    let logger: Logger

    var kubeletSocket: String { "\(path)/\(DevicePluginV1Beta1.kubeletSocketName)" }

    /// Calls `look` at once, after each change, and every half second, until the task is cancelled.
    func watch(_ look: @Sendable () async -> Void) async {
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        var watch: Watch?
        while !Task.isCancelled {
            if watch == nil { watch = open() }
            await look()
            guard let current = watch else {
                // Cancellation is seen by the loop.
                try? await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
                continue
            }
            // A watch that fails is as good as none, and is made anew.
            let goesOn = try? await threads.runIfActive { try current.waitForChange() }
            if goesOn != true { watch = nil }
        }
        // It fails only if it was shut down before.
        try? await threads.shutdownGracefully()
    }

    /// Removes sockets that an instance of ours left behind when it was killed: nobody listens there any more.
    func removeAbandonedSockets() {
        // A directory that cannot be read has nothing for us to remove.
        for name in (try? Directory.entries(path)) ?? [] where SocketNames.isOurs(name) {
            do throws(SystemError) {
                _ = try UnixStream(connectingTo: "\(path)/\(name)", until: .after(seconds: 1))
            } catch {
                guard error.errno == ECONNREFUSED else { continue }
                // Gone in the meantime is as good; what cannot be removed does no harm.
                _ = try? File.remove("\(path)/\(name)")
                logger.info("removed an abandoned socket", metadata: ["socket": "\(name)"])
            }
        }
    }

    private func open() -> Watch? {
        do throws(SystemError) {
            try Directory.create(path, mode: 0o750)
            return Watch(try DirectoryWatch(path))
        } catch {
            logger.debug("the kubelet's directory cannot be watched", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private final class Watch: Sendable {
        private let watch: DirectoryWatch

        init(_ watch: consuming DirectoryWatch) { self.watch = watch }

        /// Blocks until something happens, at most half a second; `false` if nothing more will be told.
        func waitForChange() throws(SystemError) -> Bool {
            let events = try watch.events(until: .after(milliseconds: pollMilliseconds))
            return !events.contains { $0.kind == .directoryGone }
        }
    }

    private static let pollMilliseconds: UInt64 = 500
}
