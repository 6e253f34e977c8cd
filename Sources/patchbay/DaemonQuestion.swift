import Glibc
import LinuxSystem
import NodeClient
import NodeProtocol

/// Asks the daemon of this node, from the command line.
struct DaemonQuestion {
    let socketPath: String

    /// The daemon's answer; `nil` if none is running.
    ///
    /// - Throws: ``Complaint`` if it is running and gives no answer, or an error.
    func ask(_ request: NodeRequest) throws -> NodeAnswer? {
        let client = DaemonClient(socketPath: socketPath, requiresRoot: false)
        let answer: NodeAnswer
        do throws(DaemonSilence) {
            answer = try client.ask(request, until: .after(seconds: 15))
        } catch .unreachable(let error) where [ENOENT, ECONNREFUSED, ENOTDIR].contains(error.errno) {
            return nil
        } catch .unreachable(let error) where [EACCES, EPERM].contains(error.errno) {
            throw Complaint("\(socketPath) is root's alone; try again as root")
        } catch {
            throw Complaint("patchbayd does not answer: \(error)")
        }
        if case .failure(let failure) = answer { throw Complaint("patchbayd: \(failure)") }
        return answer
    }
}
