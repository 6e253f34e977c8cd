import Addresses
import JSON
import KubernetesAPI

extension NetworkRequest {
    /// Reads an annotation's value: a comma-separated list `[namespace/]name[@interface], …`, or a JSON list of objects.
    ///
    /// An empty value asks for nothing. Anything wrong in one element makes the whole annotation invalid, and all that is
    /// wrong is told at once.
    ///
    /// - Parameters:
    ///   - value: The annotation's value.
    ///   - annotation: Its name, for the places in errors.
    ///   - namespace: Where networks are looked for that name no namespace.
    /// - Returns: The requests in their order.
    /// - Throws: ``SelectionError`` with a place for each problem.
    package static func parse(
        _ value: String,
        annotation: String = networksAnnotation,
        namespace: String
    ) throws(SelectionError) -> [NetworkRequest] {
        let isJSON = value.utf8.contains { [UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\"")].contains($0) }
        let requests =
            isJSON
            ? try parseJSON(value, annotation: annotation, namespace: namespace)
            : try parseCommas(value, annotation: annotation, namespace: namespace)
        let carriers = requests.filter { $0.defaultRoute != nil }
        guard carriers.count <= 1 else {
            throw SelectionError(
                "\(carriers[1].place).default-route",
                "only one network may carry default-route, and \(carriers[0].place) does already"
            )
        }
        return requests
    }

    private static func parseCommas(
        _ value: String,
        annotation: String,
        namespace: String
    ) throws(SelectionError) -> [NetworkRequest] {
        guard !trimmed(value[...]).isEmpty else { return [] }
        var requests: [NetworkRequest] = []
        var problems: [DocumentProblem] = []
        for (index, item) in value.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let place = "\(annotation)[\(index)]"
            do throws(SelectionError) {
                requests.append(try parseItem(item, place: place, namespace: namespace))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw SelectionError(problems) }
        return requests
    }

    private static func parseItem(
        _ item: Substring,
        place: String,
        namespace: String
    ) throws(SelectionError) -> NetworkRequest {
        let form = "[namespace/]name[@interface]"
        let halves = item.split(separator: "@", omittingEmptySubsequences: false)
        let path = halves[0].split(separator: "/", omittingEmptySubsequences: false).map(trimmed)
        guard halves.count <= 2, path.count <= 2 else {
            throw SelectionError(place, "\"\(trimmed(item))\" is not of the form \(form)")
        }
        var request = NetworkRequest(
            place: place,
            namespace: path.count == 2 ? path[0] : namespace,
            name: path[path.count - 1]
        )
        if halves.count == 2 { request.interfaceName = trimmed(halves[1]) }
        let problems = request.nameProblems()
        guard problems.isEmpty else { throw SelectionError(problems) }
        return request
    }

    private static func parseJSON(
        _ value: String,
        annotation: String,
        namespace: String
    ) throws(SelectionError) -> [NetworkRequest] {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: value)
        } catch {
            throw SelectionError(annotation, "not JSON: \(error)")
        }
        guard let elements = document.array else {
            throw SelectionError(annotation, "expected a list of networks, found \(document.kind)")
        }
        var requests: [NetworkRequest] = []
        var problems: [DocumentProblem] = []
        for (index, element) in elements.enumerated() {
            let (request, found) = read(element, place: "\(annotation)[\(index)]", namespace: namespace)
            requests.append(request)
            problems += found
        }
        guard problems.isEmpty else { throw SelectionError(problems) }
        return requests
    }

    /// What is wrong with the three names.
    func nameProblems() -> [DocumentProblem] {
        var problems: [DocumentProblem] = []
        if !ObjectMetadata.isLabel(namespace) {
            problems.append(
                DocumentProblem(
                    path: "\(place).namespace",
                    reason: "\"\(namespace)\" is no namespace: lower-case letters, digits and '-' inside"
                )
            )
        }
        if !ObjectMetadata.isSubdomain(name) {
            problems.append(
                DocumentProblem(
                    path: "\(place).name",
                    reason: "\"\(name)\" is no name of a network: lower-case letters, digits, '-' and '.' inside"
                )
            )
        }
        if let interfaceName, !isInterfaceName(interfaceName) {
            problems.append(
                DocumentProblem(
                    path: "\(place).interface",
                    reason: "\"\(interfaceName)\" is no interface name: 1 to 15 bytes without '/', ':' and white space"
                )
            )
        }
        return problems
    }
}

/// Whether the kernel takes it for a netdev (`dev_valid_name`).
func isInterfaceName(_ text: String) -> Bool {
    (1...15).contains(text.utf8.count) && text != "." && text != ".."
        && !text.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") || $0 <= 0x20 || $0 == 0x7f }
}

/// The text without white space at its ends.
private func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
}
