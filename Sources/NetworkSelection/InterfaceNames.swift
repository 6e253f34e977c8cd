import JSON

/// Gives every request the name of its interface in the pod.
///
/// A name that was asked for is kept. Request number i, counted from 1, gets `net<i>`, whether or not the ones before it
/// have names of their own; if that is taken, the first free number behind the last request's. So a name somebody asked
/// for never moves the others.
///
/// - Parameters:
///   - requests: In the order of the annotation.
///   - defaultInterface: The name of the default network's interface, which is taken.
/// - Returns: A name for each request, all different.
/// - Throws: ``SelectionError`` for a name that was asked for twice or is the default network's.
/// - SeeAlso: Kubernetes Network Custom Resource Definition De-facto Standard 1.3 §4.1.2.1.5
package func assignInterfaceNames(
    to requests: [NetworkRequest],
    defaultInterface: String
) throws(SelectionError) -> [String] {
    var owners = [defaultInterface: "the default network"]
    for request in requests {
        guard let name = request.interfaceName else { continue }
        if let owner = owners[name] {
            throw SelectionError("\(request.place).interface", "\"\(name)\" is taken by \(owner)")
        }
        owners[name] = request.place
    }
    var spare = requests.count
    var names: [String] = []
    for (index, request) in requests.enumerated() {
        var name = request.interfaceName ?? "net\(index + 1)"
        while request.interfaceName == nil && owners[name] != nil {
            spare += 1
            name = "net\(spare)"
        }
        owners[name] = request.place
        names.append(name)
    }
    return names
}
