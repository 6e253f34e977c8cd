import Attachments
import Glibc
import LinuxSystem
import PCI
import SRIOVPlugin
import Scratch
import Testing

/// A tree as sysfs has it, with one PF and two VFs.
@Suite struct FunctionDeviceTests {
    private let directory: TemporaryDirectory
    let root: String
    let pf: FunctionDevice
    let vf: FunctionDevice

    init() throws {
        directory = try TemporaryDirectory()
        root = directory.path
        pf = FunctionDevice(try #require(PCIAddress("0000:01:00.0")), sysfs: root)
        vf = FunctionDevice(try #require(PCIAddress("0000:01:10.2")), sysfs: root)
        let devices = "\(root)/bus/pci/devices"
        for name in ["igb", "igbvf"] { try Directory.create("\(root)/bus/pci/drivers/\(name)") }
        try Directory.create("\(devices)/0000:01:00.0/net/enp1s0")
        try write("7", "\(devices)/0000:01:00.0/net/enp1s0/ifindex")
        try write("2", "\(devices)/0000:01:00.0/sriov_numvfs")
        try link("../../drivers/igb", "\(devices)/0000:01:00.0/driver")
        for (index, address) in ["0000:01:10.0", "0000:01:10.2"].enumerated() {
            try Directory.create("\(devices)/\(address)/net")
            try link("../0000:01:00.0", "\(devices)/\(address)/physfn")
            try link("../\(address)", "\(devices)/0000:01:00.0/virtfn\(index)")
        }
        try link("../../drivers/igbvf", "\(devices)/0000:01:10.2/driver")
    }

    private func write(_ text: String, _ path: String) throws {
        try File.write(Array("\(text)\n".utf8), to: path, isDurable: false)
    }

    private func link(_ target: String, _ path: String) throws {
        try #require(symlink(target, path) == 0, "\(path)")
    }

    @Test func `a VF knows its PF, its place on it and its driver`() throws {
        let found = try #require(try vf.physicalFunction())
        #expect(found.address == pf.address)
        #expect(try found.virtualFunctionIndex(of: vf.address) == 1)
        #expect(try vf.driver() == FunctionDriver(rawValue: "igbvf"))
        #expect(try vf.virtualFunctionCount() == 0)
    }

    @Test func `a PF is nobody's VF and counts its own`() throws {
        #expect(try pf.physicalFunction() == nil)
        #expect(try pf.virtualFunctionIndex(of: pf.address) == nil)
        #expect(try pf.virtualFunctionCount() == 2)
        #expect(try pf.interfaceIndex() == 7)
    }

    @Test func `an interface that is in a pod is not there`() throws {
        #expect(try vf.interfaceIndex() == nil)
    }

    @Test func `what is not there is not there`() throws {
        let none = FunctionDevice(try #require(PCIAddress("0000:09:00.0")), sysfs: root)
        #expect(try !none.exists())
        #expect(try none.driver() == nil)
        #expect(try none.interfaceIndex() == nil)
    }

    @Test func `among representors the PF's own port is found`() throws {
        let net = "\(root)/bus/pci/devices/0000:01:00.0/net"
        for (name, index, port) in [("aaa", "20", "pf0vf0"), ("enp1s0", "7", "p0"), ("zzz", "21", "pf0vf1")] {
            try Directory.create("\(net)/\(name)")
            try write(index, "\(net)/\(name)/ifindex")
            try write(port, "\(net)/\(name)/phys_port_name")
        }
        #expect(try pf.interfaceIndex() == 7)
    }

    @Test(arguments: [("0", false), ("1", true), ("3", true)])
    func `an address is the VF's own choice unless it is the device's`(type: String, isOwn: Bool) throws {
        let net = "\(root)/bus/pci/devices/0000:01:10.2/net/enp1s16"
        try Directory.create(net)
        try write(type, "\(net)/addr_assign_type")
        #expect(try vf.choosesOwnAddress() == isOwn)
    }

    @Test func `a driver is taken off and put on by its address`() throws {
        let drivers = "\(root)/bus/pci/drivers"
        for file in ["igbvf/unbind", "igbvf/bind", "igb/bind"] { try write("", "\(drivers)/\(file)") }
        try vf.unbind(FunctionDriver(rawValue: "igbvf"))
        #expect(try Attribute.read("\(drivers)/igbvf/unbind") == "0000:01:10.2")
        // Bound already, so there is nothing to write.
        try vf.bind(FunctionDriver(rawValue: "igbvf"))
        #expect(try Attribute.read("\(drivers)/igbvf/bind") == "")
        try vf.bind(FunctionDriver(rawValue: "igb"))
        #expect(try Attribute.read("\(drivers)/igb/bind") == "0000:01:10.2")
    }
}

@Suite struct IncumbentDirectoryTests {
    private let temporary: TemporaryDirectory
    let root: String
    let directory: IncumbentDirectory

    init() throws {
        temporary = try TemporaryDirectory()
        root = temporary.path
        directory = IncumbentDirectory(root)
        try directory.create()
    }

    @Test func `a mark is taken away by the namespace it names only`() throws {
        let address = try #require(PCIAddress("0000:01:10.0"))
        #expect(try directory.marker(address) == nil)
        try directory.mark(address, namespace: "/run/netns/a")
        try directory.unmark(address, namespace: "/run/netns/b")
        #expect(try directory.marker(address) == "/run/netns/a")
        try directory.unmark(address, namespace: "/run/netns/a")
        #expect(try directory.marker(address) == nil)
        try directory.unmark(address, namespace: "/run/netns/a")
    }

    @Test func `what a killed writer left goes with the mark, another function's stays`() throws {
        let address = try #require(PCIAddress("0000:01:10.0"))
        try directory.mark(address, namespace: "/run/netns/a")
        let left = ["pci/.0000:01:10.0.1188", "pci/.0000:01:10.2.1188", "pci/.0000:01:10.0.swp"]
        for name in left { try File.write([], to: "\(root)/\(name)") }
        try directory.unmark(address, namespace: "/run/netns/a")
        #expect(try left.map { try File.exists("\(root)/\($0)") } == [false, true, true])
    }

    @Test func `the lock is where the incumbent looks for it`() throws {
        let address = try #require(PCIAddress("0000:01:10.0"))
        let lock = try directory.lock(address, until: .now)
        #expect(lock.path == "\(root)/pci/vf_lock/0000:01:10.0.lock")
        #expect(throws: SystemError.self) { _ = try directory.lock(address, until: .now) }
        _ = consume lock
    }
}
