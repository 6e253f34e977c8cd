import Addresses
import CNI
import JSON
import Testing

@Suite struct CNIResultTests {
    /// The members of a 1.1.0 result, CNI specification 1.1.0, "Success".
    static let newest: JSONValue = [
        "cniVersion": "1.1.0",
        "interfaces": [
            ["name": "cni0", "mac": "00:11:22:33:44:55"],
            [
                "name": "net1", "mac": "00:11:22:33:44:66", "mtu": 9000, "sandbox": "/run/netns/pod",
                "socketPath": "/run/vhost", "pciID": "0000:03:10.0",
            ],
        ],
        "ips": [
            ["interface": 1, "address": "10.1.0.5/16", "gateway": "10.1.0.1"],
            ["address": "fd00::5/64"],
        ],
        "routes": [
            ["dst": "0.0.0.0/0", "gw": "10.1.0.1"],
            ["dst": "fd01::/48", "mtu": 1400, "advmss": 1300, "priority": 7, "table": 0, "scope": 253],
        ],
        "dns": ["nameservers": ["10.1.0.1"], "domain": "example.com", "search": ["a"], "options": ["ndots:5"]],
    ]

    @Test func `a result of the newest version comes out as it went in`() throws {
        let result = try CNIResult(Self.newest, assumedVersion: .v0_1_0)
        #expect(try result.json(version: .v1_1_0) == Self.newest)
        #expect(result.interfaces[1].mtu == 9000)
        #expect(result.routes[1].table == 0)
        #expect(result.ips[1].interface == nil)
    }

    @Test func `1 point 0 leaves out what came with 1 point 1`() throws {
        let result = try CNIResult(Self.newest, assumedVersion: .v0_1_0)
        let older = try result.json(version: .v1_0_0)
        #expect(
            older["interfaces"]?.array?[1] == ["name": "net1", "mac": "00:11:22:33:44:66", "sandbox": "/run/netns/pod"]
        )
        #expect(older["routes"]?.array?[1] == ["dst": "fd01::/48"])
    }

    @Test(arguments: [CNIVersion.v0_3_0, .v0_3_1, .v0_4_0])
    func `0 point 3 and 0 point 4 name the family of each address and always have dns`(version: CNIVersion) throws {
        let result = CNIResult(ips: [
            .init(try #require(IPPrefix("10.1.0.5/16"))), .init(try #require(IPPrefix("fd00::5/64"))),
        ])
        let value = try result.json(version: version)
        #expect(
            value == [
                "cniVersion": .string(version.description),
                "ips": [["version": "4", "address": "10.1.0.5/16"], ["version": "6", "address": "fd00::5/64"]],
                "dns": [:],
            ]
        )
        #expect(try CNIResult(value, assumedVersion: .v1_1_0) == result)
    }

    /// The members of a 0.2.0 result, CNI specification 0.2.0, "Result".
    static let legacy: JSONValue = [
        "cniVersion": "0.2.0",
        "ip4": [
            "ip": "10.1.0.5/16", "gateway": "10.1.0.1",
            "routes": [["dst": "0.0.0.0/0"], ["dst": "10.9.0.0/16", "gw": "10.1.0.2"]],
        ],
        "ip6": ["ip": "fd00::5/64", "routes": [["dst": "::/0"]]],
        "dns": ["domain": "example.com"],
    ]

    @Test func `the form before 0 point 3 reads as addresses without interfaces, IPv4 and its routes first`() throws {
        let result = try CNIResult(Self.legacy, assumedVersion: .v1_1_0)
        #expect(result.interfaces.isEmpty)
        #expect(result.ips.map(\.address.description) == ["10.1.0.5/16", "fd00::5/64"])
        #expect(result.routes.map(\.destination.description) == ["0.0.0.0/0", "10.9.0.0/16", "::/0"])
        #expect(try result.json(version: .v0_2_0) == Self.legacy)
        #expect(try result.json(version: .v0_1_0)["cniVersion"] == "0.1.0")
    }

    @Test func `a form before 0 point 3 has the first address of each family and only routes of those families`() throws
    {
        var result = try CNIResult(Self.newest, assumedVersion: .v1_1_0)
        result.ips.removeLast()
        result.ips.append(.init(try #require(IPPrefix("10.2.0.5/16"))))
        #expect(
            try result.json(version: .v0_2_0) == [
                "cniVersion": "0.2.0",
                "ip4": [
                    "ip": "10.1.0.5/16", "gateway": "10.1.0.1", "routes": [["dst": "0.0.0.0/0", "gw": "10.1.0.1"]],
                ],
                "dns": ["nameservers": ["10.1.0.1"], "domain": "example.com", "search": ["a"], "options": ["ndots:5"]],
            ]
        )
    }

    @Test func `a result without addresses cannot go into a form before 0 point 3`() {
        let result = CNIResult(interfaces: [.init(name: "net1")])
        #expect(throws: CNIError.self) { try result.json(version: .v0_2_0) }
    }

    @Test func `a result without a version has the version that was assumed`() throws {
        let value: JSONValue = ["ip4": ["ip": "10.1.0.5/16"]]
        #expect(try CNIResult(value, assumedVersion: .v0_2_0).ips.count == 1)
        #expect(try CNIResult(value, assumedVersion: .v1_0_0).ips.isEmpty)
    }

    @Test func `host bits of an address stay and unknown members are passed over`() throws {
        let value: JSONValue = ["cniVersion": "1.0.0", "ips": [["address": "10.1.2.3/8", "vendor": 1]], "vendor": []]
        #expect(try CNIResult(value, assumedVersion: .v1_0_0).ips.map(\.address.description) == ["10.1.2.3/8"])
    }

    @Test(arguments: [
        #"[]"#, #"{"ips":{}}"#, #"{"ips":[{"address":"10.0.0.1"}]}"#, #"{"ips":[{}]}"#, #"{"ips":["10.0.0.1/8"]}"#,
        #"{"routes":[{"dst":"0.0.0.0/0","gw":"gateway"}]}"#, #"{"interfaces":[{"name":1}]}"#,
        #"{"interfaces":[{"name":"a","mtu":-1}]}"#, #"{"ips":[{"address":"10.0.0.1/8","interface":"0"}]}"#,
        #"{"dns":[]}"#, #"{"dns":{"search":[1]}}"#,
    ])
    func `a malformed result is refused with code 6`(text: String) throws {
        let value = try JSONValue(parsing: text)
        let error = #expect(throws: CNIError.self) { try CNIResult(value, assumedVersion: .v1_0_0) }
        #expect(error?.code == .cannotDecode)
    }

    @Test func `a result of a version from the future is refused with code 1`() {
        let error = #expect(throws: CNIError.self) {
            try CNIResult(["cniVersion": "2.0.0"], assumedVersion: .v1_0_0)
        }
        #expect(error?.code == .incompatibleVersion)
    }
}
