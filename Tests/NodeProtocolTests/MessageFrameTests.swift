import Testing

@testable import NodeProtocol

@Suite struct MessageFrameTests {
    @Test func `a message arrives whole however it is cut`() throws {
        let message = Array("{\"a\":1}".utf8)
        let bytes = try framed(message)
        #expect(bytes.prefix(4) == [0, 0, 0, 7])
        for cut in 0...bytes.count {
            var frame = MessageFrame()
            let first = try frame.receive(bytes[..<cut])
            let second = first == nil ? try frame.receive(bytes[cut...]) : first
            #expect(second == message)
        }
    }

    @Test func `what is missing is known before and after the prefix`() throws {
        var frame = MessageFrame()
        #expect(try frame.missing() == 4)
        #expect(try frame.receive([0, 0]) == nil)
        #expect(try frame.missing() == 2)
        #expect(try frame.receive([0, 9, 1]) == nil)
        #expect(try frame.missing() == 8)
    }

    @Test func `a prefix over the limit is refused before its bytes arrive`() {
        var frame = MessageFrame()
        #expect(throws: MessageError.tooLong(length: 0xffff_ffff, limit: NodeWire.messageLimit)) {
            try frame.receive([0xff, 0xff, 0xff, 0xff])
        }
        #expect(throws: MessageError.tooLong(length: NodeWire.messageLimit + 1, limit: NodeWire.messageLimit)) {
            try framed(Array(repeating: 0x20, count: NodeWire.messageLimit + 1))
        }
    }

    @Test func `a second message on a connection is refused`() throws {
        let bytes = try framed([0x31])
        var frame = MessageFrame()
        #expect(throws: MessageError.bytesAfterMessage(5)) { try frame.receive(bytes + bytes) }
    }
}
