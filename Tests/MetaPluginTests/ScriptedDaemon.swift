import Foundation
import Glibc
import NodeProtocol
import Testing

/// Listens where the daemon would, on a thread of its own, and answers as it is told.
final class ScriptedDaemon: @unchecked Sendable {
    private let listener: CInt
    private let answer: @Sendable (NodeRequest) -> NodeAnswer
    private let lock = NSLock()
    private var received: [NodeRequest] = []

    /// The requests so far, in order.
    var requests: [NodeRequest] { lock.withLock { received } }

    init(_ path: String, answer: @escaping @Sendable (NodeRequest) -> NodeAnswer) throws {
        self.answer = answer
        listener = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0 && listen(listener, 8) == 0, "cannot listen at \(path)")
        let thread = Thread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                serve(connection)
                close(connection)
            }
        }
        thread.start()
    }

    /// Stops listening.
    func stop() {
        shutdown(listener, CInt(SHUT_RDWR))
    }

    private func serve(_ connection: CInt) {
        var frame = MessageFrame()
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return }
            guard let message = try? frame.receive(buffer[..<count]) else { continue }
            guard let request = try? NodeRequest(reading: message) else { return }
            lock.withLock { received.append(request) }
            guard let bytes = try? framed(answer(request).message()) else { return }
            _ = write(connection, bytes, bytes.count)
            return
        }
    }
}

extension ScriptedDaemon {
    /// A daemon that answers every question for a plan with `plan` and takes every report.
    convenience init(_ path: String, plan: AttachmentPlan) throws {
        try self.init(path) { request in
            if case .plan = request { .plan(plan) } else { .reported(isPublished: true) }
        }
    }

    var reports: [AttachmentReport] {
        requests.compactMap { if case .report(let report) = $0 { report } else { nil } }
    }
}

extension PlannedAttachment {
    /// An attachment of a scripted plugin.
    init(_ type: String, as interfaceName: String, configuration: String? = nil) {
        self.init(
            id: "default/\(type)@\(interfaceName)",
            network: "default/\(type)",
            networkName: type,
            interfaceName: interfaceName,
            cniVersion: "1.0.0",
            configuration: configuration ?? #"{"cniVersion":"1.0.0","name":"\#(type)","type":"\#(type)"}"#
        )
    }
}
