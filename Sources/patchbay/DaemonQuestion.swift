import Glibc
import LinuxSystem
import NodeProtocol

/// Asks the daemon of this node, from the command line.
struct DaemonQuestion {
    let socketPath: String

    /// The daemon's answer; `nil` if none is running.
    ///
    /// - Throws: ``Complaint`` if it is running and gives no answer, or an error.
    func ask(_ request: NodeRequest) throws -> NodeAnswer? {
        let deadline = Deadline.after(seconds: 15)
        let stream: UnixStream
        do throws(SystemError) {
            stream = try UnixStream(connectingTo: socketPath, until: deadline)
        } catch {
            switch error.errno {
            case ENOENT, ECONNREFUSED, ENOTDIR: return nil
            case EACCES, EPERM: throw Complaint("\(socketPath) is root's alone; try again as root")
            default: throw Complaint("\(error)")
            }
        }
        do {
            try stream.send(try framed(request.message()), until: deadline)
            var frame = MessageFrame()
            while true {
                let bytes = try stream.receive(atMost: try frame.missing(), until: deadline)
                guard !bytes.isEmpty else { throw MessageError.cutOff(missing: try frame.missing()) }
                guard let message = try frame.receive(bytes) else { continue }
                let answer = try NodeAnswer(reading: message)
                if case .failure(let failure) = answer { throw Complaint("patchbayd: \(failure)") }
                return answer
            }
        } catch let error as Complaint {
            throw error
        } catch {
            throw Complaint("patchbayd does not answer: \(error)")
        }
    }
}
