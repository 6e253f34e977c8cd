import Testing

@testable import DevicePlugin

@Suite struct SocketNamesTests {
    private let directory = "/var/lib/kubelet/device-plugins"

    @Test func `no name comes twice, not from another process either`() {
        let (one, other) = (SocketNames(), SocketNames())
        let all = (0..<100).flatMap { _ in [one.next(for: "vf", in: directory), other.next(for: "vf", in: directory)] }
        #expect(Set(all).count == all.count)
    }

    @Test(arguments: [1, 20, 63])
    func `a path always fits a socket's address`(length: Int) {
        let names = SocketNames()
        for depth in [directory.utf8.count, 60, 80] {
            let directory = String(repeating: "d", count: depth)
            let name = names.next(for: String(repeating: "p", count: length), in: directory)
            #expect("\(directory)/\(name)".utf8.count <= 107)
            #expect(name.utf8.count <= 75)
            #expect(name.hasSuffix(".sock"))
            #expect(!name.hasPrefix("."))
        }
    }

    @Test func `a person sees whose socket it is`() {
        #expect(SocketNames().next(for: "sriov_net", in: directory).hasPrefix("patchbay-sriov_net-"))
    }
}
