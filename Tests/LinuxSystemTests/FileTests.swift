import Glibc
import Scratch
import Testing

@testable import LinuxSystem

@Suite struct FileTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: [true, false]) func `a written file has the content and the mode asked for`(durable: Bool) throws {
        try File.write([1, 2, 3], to: directory("a"), mode: 0o666, isDurable: durable)
        #expect(try File.read(directory("a"), limit: 3) == [1, 2, 3])
        var status = stat()
        #expect(stat(directory("a"), &status) == 0)
        // The umask would have taken the write bits of the others.
        #expect(status.st_mode & 0o777 == 0o666)
    }

    @Test func `writing again replaces the file and leaves nothing beside it`() throws {
        try File.write(Array("old".utf8), to: directory("a"))
        let before = try File.identity(directory("a"))
        try File.write(Array("new".utf8), to: directory("a"))
        #expect(try File.read(directory("a"), limit: 10).text == "new")
        #expect(try File.identity(directory("a")) != before)
        #expect(try Directory.entries(directory.path) == ["a"])
    }

    @Test func `a write that fails leaves the old file and nothing beside it`() throws {
        try Directory.create(directory("a/full"))
        // A directory that is not empty cannot be renamed over.
        #expect(throws: SystemError(call: "rename", subject: directory("a"), errno: EISDIR)) {
            try File.write([1], to: directory("a"))
        }
        #expect(try Directory.entries(directory.path) == ["a"])
    }

    @Test func `a file beyond the limit is refused, one at the limit is not`() throws {
        try File.write([UInt8](repeating: 7, count: 5000), to: directory("a"), isDurable: false)
        #expect(try File.read(directory("a"), limit: 5000).count == 5000)
        #expect(throws: SystemError(call: "read", subject: directory("a"), errno: EFBIG)) {
            try File.read(directory("a"), limit: 4999)
        }
    }

    @Test func `an empty file is empty`() throws {
        try File.write([], to: directory("a"), isDurable: false)
        #expect(try File.read(directory("a"), limit: 0) == [])
    }

    @Test func `removing what is not there succeeds and says so`() throws {
        try File.write([], to: directory("a"), isDurable: false)
        #expect(try File.remove(directory("a")))
        #expect(try !File.remove(directory("a")))
        #expect(throws: SystemError.self) { try File.remove(directory.path) }
    }

    @Test func `identity follows links and is absent for what is not there`() throws {
        try File.write([], to: directory("a"), isDurable: false)
        #expect(symlink("a", directory("link")) == 0)
        #expect(try File.identity(directory("link")) == File.identity(directory("a")))
        #expect(try File.identity(directory("a/below")) == nil)
        #expect(try !File.exists(directory("b")))
    }

    @Test func `a link is read as written, its name is the last component`() throws {
        #expect(symlink("../../bus/pci/drivers/igbvf", directory("driver")) == 0)
        #expect(try File.linkTarget(directory("driver")) == "../../bus/pci/drivers/igbvf")
        #expect(try File.linkName(directory("driver")) == "igbvf")
        #expect(try File.linkName(directory("none")) == nil)
        #expect(throws: SystemError(call: "readlink", subject: directory.path, errno: EINVAL)) {
            try File.linkName(directory.path)
        }
    }

    @Test func `a path with a zero byte is refused, not cut off`() throws {
        let path = directory("a\0b")
        #expect(throws: SystemError(call: "open", subject: path, errno: EINVAL)) { try File.write([1], to: path) }
        #expect(throws: SystemError(call: "open", subject: path, errno: EINVAL)) { try File.read(path, limit: 1) }
        #expect(throws: SystemError(call: "unlink", subject: path, errno: EINVAL)) { try File.remove(path) }
        #expect(throws: SystemError(call: "stat", subject: path, errno: EINVAL)) { try File.identity(path) }
    }

    @Test func `an error names call, path and reason`() {
        let error = SystemError(call: "write", subject: "/sys/x/sriov_numvfs", errno: EBUSY)
        #expect(error.description == "write /sys/x/sriov_numvfs: Device or resource busy")
        #expect(SystemError(call: "write", subject: "x", errno: 4711).description == "write x: error 4711")
    }
}

@Suite struct AttributeTests {
    @Test func `an attribute is read without its newline`() throws {
        let directory = try TemporaryDirectory()
        try File.write(Array(" 0x8086\n".utf8), to: directory("vendor"), isDurable: false)
        #expect(try Attribute.read(directory("vendor")) == "0x8086")
        try File.write(Array("\n".utf8), to: directory("empty"), isDurable: false)
        #expect(try Attribute.read(directory("empty")) == "")
        #expect(try Attribute.readIfPresent(directory("none")) == nil)
        try File.write([0xff, 0xfe], to: directory("bytes"), isDurable: false)
        #expect(throws: SystemError(call: "read", subject: directory("bytes"), errno: EILSEQ)) {
            try Attribute.read(directory("bytes"))
        }
    }

    @Test func `writing needs the attribute to be there and keeps the file`() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: SystemError(call: "open", subject: directory("numvfs"), errno: ENOENT)) {
            try Attribute.write("4", to: directory("numvfs"))
        }
        try File.write(Array("0".utf8), to: directory("numvfs"), isDurable: false)
        let before = try File.identity(directory("numvfs"))
        try Attribute.write("4", to: directory("numvfs"))
        #expect(try Attribute.read(directory("numvfs")) == "4")
        #expect(try File.identity(directory("numvfs")) == before)
    }

    @Test func `the kernel's refusal of a value comes through`() throws {
        // The thread's own pseudo-attribute: a value outside -1000…1000 is refused (proc_pid_oom_score_adj(5)).
        #expect(throws: SystemError(call: "write", subject: "/proc/thread-self/oom_score_adj", errno: EINVAL)) {
            try Attribute.write("5000", to: "/proc/thread-self/oom_score_adj")
        }
    }
}

@Suite struct DirectoryTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `names are sorted and without dots`() throws {
        for name in ["b", "a", ".hidden"] { try File.write([], to: directory(name), isDurable: false) }
        #expect(try Directory.entries(directory.path) == [".hidden", "a", "b"])
        #expect(try Directory.entriesIfPresent(directory("none")) == nil)
        #expect(throws: SystemError(call: "opendir", subject: directory("none"), errno: ENOENT)) {
            try Directory.entries(directory("none"))
        }
    }

    @Test func `a name of the greatest length is read whole`() throws {
        let name = String(repeating: "n", count: 255)
        try Directory.create(directory(name))
        #expect(try Directory.entries(directory.path) == [name])
    }

    @Test func `a directory is made with all above it, and made again without complaint`() throws {
        try Directory.create(directory("a//b/c/"), mode: 0o750)
        try Directory.create(directory("a/b/c"))
        var status = stat()
        #expect(stat(directory("a/b"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o750)
    }

    @Test func `a file in the way is named`() throws {
        try File.write([], to: directory("a"), isDurable: false)
        #expect(throws: SystemError(call: "mkdir", subject: directory("a"), errno: ENOTDIR)) {
            try Directory.create(directory("a/b"))
        }
    }
}
