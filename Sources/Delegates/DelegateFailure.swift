package import CNI
package import LinuxSystem

/// Why a delegate did not do what was asked of it.
package enum DelegateFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// No directory of the search path has a program of that name.
    case notFound(type: String, directories: [String])
    /// It could not be looked for, started or listened to.
    case notRun(type: String, SystemError)
    /// It had not ended at the deadline and was ended.
    case expired(type: String)
    /// It answered with an error, or with something that is no answer.
    case refused(type: String, CNIError)
    /// It was not tried: the call itself cannot be put together.
    case invalidCall(CNIError)

    /// What to tell the runtime; of a delegate that answered, its own code and message.
    package var cniError: CNIError {
        switch self {
        case .notFound(let type, let directories):
            CNIError(.ioFailure, "failed to find plugin \"\(type)\" in path [\(directories.joined(separator: " "))]")
        case .notRun(let type, let error): CNIError(.ioFailure, "cannot run plugin \"\(type)\": \(error)")
        case .expired(let type): CNIError(.tryAgainLater, "plugin \"\(type)\" did not end in time and was ended")
        case .refused(_, let error), .invalidCall(let error): error
        }
    }

    /// Whether the same call would fail in the same way until somebody changes something on the host.
    ///
    /// A delegate that answers with an error is taken at its word only where it says "try again later" (code 11); of its
    /// other errors nobody can tell, so they count as passing.
    package var isLasting: Bool {
        switch self {
        case .notFound, .invalidCall: true
        case .notRun, .expired, .refused: false
        }
    }

    package var description: String {
        switch self {
        case .refused(let type, let error): "\(type): \(error)"
        case .notFound, .notRun, .expired, .invalidCall: cniError.message
        }
    }
}
