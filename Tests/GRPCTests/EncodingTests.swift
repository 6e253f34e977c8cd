import GRPC
import Testing

@Suite struct GRPCTimeoutTests {
    @Test(arguments: [
        ("1n", Duration.nanoseconds(1)), ("29999871u", .microseconds(29_999_871)), ("5010m", .milliseconds(5010)),
        ("99999999S", .seconds(99_999_999)), ("2M", .seconds(120)), ("99999999H", .seconds(359_999_996_400)),
        ("0m", .zero), ("00000001S", .seconds(1)),
    ])
    func `a timeout is digits and a unit`(text: String, timeout: Duration) {
        #expect(GRPCTimeout.parse(Array(text.utf8)) == timeout)
    }

    @Test(arguments: ["", "S", "5", "100000000S", "+5S", "-5S", "5 S", "5s", "5.5S", "5mS", "５S"])
    func `anything else is malformed`(text: String) {
        #expect(GRPCTimeout.parse(Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        (Duration.nanoseconds(5), "5n"), (.milliseconds(99), "99000000n"), (.milliseconds(100), "100000u"),
        (.seconds(30), "30000000u"), (.seconds(100), "100000m"), (.seconds(99_999), "99999000m"),
        (.seconds(100_000), "100000S"), (.seconds(100_000_000), "1666667M"), (.zero, "0n"), (.seconds(-1), "0n"),
    ])
    func `a timeout is written in the smallest unit that fits`(timeout: Duration, text: String) {
        #expect(GRPCTimeout.format(timeout) == text)
    }

    @Test func `a timeout is never written shorter than it is`() throws {
        var timeout = Duration.nanoseconds(1)
        while timeout < .seconds(1_000_000_000) {
            let read = try #require(GRPCTimeout.parse(Array(GRPCTimeout.format(timeout).utf8)))
            #expect(read >= timeout)
            #expect(read <= timeout * 1.02)
            timeout = timeout * 3 + .nanoseconds(7)
        }
    }
}

@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("plain text", "plain text"), ("100%", "100%25"), ("nöt", "n%C3%B6t"), ("a\nb\u{7f}", "a%0Ab%7F"),
        (" edge ", "%20edge%20"), ("", ""), ("~", "~"),
    ])
    func `a message is encoded, and decoded to what it was`(text: String, encoded: String) {
        #expect(String(decoding: PercentEncoding.encode(text), as: UTF8.self) == encoded)
        #expect(PercentEncoding.decode(Array(encoded.utf8)) == text)
    }

    @Test(arguments: [("%4a%4A", "JJ"), ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%ff", "\u{fffd}")])
    func `decoding is lenient`(encoded: String, text: String) {
        #expect(PercentEncoding.decode(Array(encoded.utf8)) == text)
    }

    @Test func `a long message is cut between characters`() {
        let text = "x" + String(repeating: "ö", count: 2000)
        let decoded = PercentEncoding.decode(PercentEncoding.encode(text))
        #expect(decoded == "x" + String(repeating: "ö", count: 1023))
        let exact = String(repeating: "a", count: PercentEncoding.messageLimit)
        #expect(PercentEncoding.decode(PercentEncoding.encode(exact)) == exact)
    }
}
