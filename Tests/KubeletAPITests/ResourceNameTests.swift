import Testing

@testable import KubeletAPI

@Suite struct ResourceNameTests {
    @Test(arguments: [
        "intel.com/sriov_net", "x.io/vf", "a/b", "1.2.3/4", "a-b.c/X-y_z.0",
        String(repeating: "d", count: 244) + "/vf", "x.io/" + String(repeating: "n", count: 63),
    ])
    func `a name the kubelet takes is kept in its two parts`(text: String) throws {
        let name = try ResourceName(text)
        #expect(name.description == text)
        #expect("\(name.prefix)/\(name.name)" == text)
    }

    // The rules of kubelet's IsExtendedResourceName, one broken at a time.
    @Test(arguments: [
        ("vf", ResourceNameError.Rule.oneSlash), ("", .oneSlash), ("a/b/c", .oneSlash),
        ("kubernetes.io/vf", .reservedDomain), ("foo.kubernetes.io/vf", .reservedDomain),
        ("requests.x.io/vf", .reservedPrefix),
        ("/vf", .domain), ("X.io/vf", .domain), ("-x.io/vf", .domain), ("x-.io/vf", .domain), ("x..io/vf", .domain),
        ("x_y.io/vf", .domain), (".x/vf", .domain), ("x./vf", .domain), ("ü.io/vf", .domain),
        (String(repeating: "d", count: 245) + "/vf", .domain),
        ("x.io/", .name), ("x.io/-vf", .name), ("x.io/vf_", .name), ("x.io/v f", .name), ("x.io/vf\n", .name),
        ("x.io/" + String(repeating: "n", count: 64), .name),
    ])
    func `a name the kubelet would refuse is refused with the rule`(text: String, rule: ResourceNameError.Rule) {
        #expect(throws: ResourceNameError(name: text, rule: rule)) { try ResourceName(text) }
    }
}
