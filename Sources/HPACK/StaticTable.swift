/// The fields every HPACK peer knows, at indices 1 to 61.
///
/// - SeeAlso: RFC 7541 Appendix A
enum StaticTable {
    static let count = fields.count

    /// The field at `index`, from 1 to ``count``.
    static func field(at index: Int) -> HeaderField? {
        (1...count).contains(index) ? fields[index - 1] : nil
    }

    /// The index of exactly this field, if there is one.
    static func index(of field: HeaderField) -> Int? {
        exact[Key(name: field.name, value: field.value)]
    }

    /// The last index with this name, as Go's encoder picks it (any would be legal).
    static func index(ofName name: [UInt8]) -> Int? { names[name] }

    private struct Key: Hashable {
        let name: [UInt8]
        let value: [UInt8]
    }

    private static let fields = entries.map { HeaderField($0.0, $0.1) }

    private static let exact = Dictionary(
        fields.enumerated().map { (Key(name: $1.name, value: $1.value), $0 + 1) },
        uniquingKeysWith: { first, _ in first }
    )

    private static let names = Dictionary(
        fields.enumerated().map { ($1.name, $0 + 1) },
        uniquingKeysWith: { _, last in last }
    )

    private static let entries: [(String, String)] = [
        (":authority", ""),
        (":method", "GET"),
        (":method", "POST"),
        (":path", "/"),
        (":path", "/index.html"),
        (":scheme", "http"),
        (":scheme", "https"),
        (":status", "200"),
        (":status", "204"),
        (":status", "206"),
        (":status", "304"),
        (":status", "400"),
        (":status", "404"),
        (":status", "500"),
        ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"),
        ("accept-language", ""),
        ("accept-ranges", ""),
        ("accept", ""),
        ("access-control-allow-origin", ""),
        ("age", ""),
        ("allow", ""),
        ("authorization", ""),
        ("cache-control", ""),
        ("content-disposition", ""),
        ("content-encoding", ""),
        ("content-language", ""),
        ("content-length", ""),
        ("content-location", ""),
        ("content-range", ""),
        ("content-type", ""),
        ("cookie", ""),
        ("date", ""),
        ("etag", ""),
        ("expect", ""),
        ("expires", ""),
        ("from", ""),
        ("host", ""),
        ("if-match", ""),
        ("if-modified-since", ""),
        ("if-none-match", ""),
        ("if-range", ""),
        ("if-unmodified-since", ""),
        ("last-modified", ""),
        ("link", ""),
        ("location", ""),
        ("max-forwards", ""),
        ("proxy-authenticate", ""),
        ("proxy-authorization", ""),
        ("range", ""),
        ("referer", ""),
        ("refresh", ""),
        ("retry-after", ""),
        ("server", ""),
        ("set-cookie", ""),
        ("strict-transport-security", ""),
        ("transfer-encoding", ""),
        ("user-agent", ""),
        ("vary", ""),
        ("via", ""),
        ("www-authenticate", ""),
    ]
}
