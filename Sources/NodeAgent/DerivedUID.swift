/// A UID for a pod whose manifest has none: the same as long as the manifest says the same.
///
/// Like kubelet's for static pods it changes with the manifest, because a pod that was changed is another pod. It is the
/// FNV-1a hash of 128 bits over the parts, in the form of a UUID of version 8 ("whatever the maker likes").
///
/// - SeeAlso: RFC 9562 §5.8; draft-eastlake-fnv
func derivedUID(_ parts: [String]) -> String {
    var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    for part in parts {
        // A zero byte after each part: ("ab","c") is not ("a","bc").
        for byte in Array(part.utf8) + [0] { hash = (hash ^ UInt128(byte)) &* 0x0100_0000_0000_0000_0000_013b }
    }
    var bytes = (0..<16).map { UInt8(truncatingIfNeeded: hash >> UInt128(120 - 8 * $0)) }
    bytes[6] = bytes[6] & 0x0f | 0x80
    bytes[8] = bytes[8] & 0x3f | 0x80
    let digits = bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
    return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
}
