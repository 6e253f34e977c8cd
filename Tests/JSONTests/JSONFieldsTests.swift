import Testing

@testable import JSON

@Suite struct JSONFieldsTests {
    @Test func `all problems are collected, each with its place`() throws {
        var fields = JSONFields(
            try JSONValue(parsing: #"{"name":5,"count":99,"tags":["a",2],"nmae":"x"}"#),
            at: "nics[1]"
        )
        #expect(fields.string("name") == nil)
        #expect(fields.int("count", in: 0...64) == nil)
        #expect(fields.strings("tags") == ["a"])
        fields.require("match")
        _ = fields.value("match")
        let problems = fields.finish().map(\.description)
        #expect(
            problems == [
                "nics[1].name: expected a string, found a number", "nics[1].count: 99 is not within 0 to 64",
                "nics[1].tags[1]: expected a string, found a number", "nics[1].match: missing",
                "nics[1].nmae: unknown key; did you mean \"name\"?",
            ]
        )
    }

    @Test func `null is absent`() throws {
        var fields = JSONFields(["name": nil])
        #expect(fields.string("name") == nil)
        #expect(fields.finish().isEmpty)
    }

    @Test func `what is no object is one problem`() {
        var fields = JSONFields([1, 2], at: "pools")
        #expect(fields.string("name") == nil)
        #expect(fields.finish().map(\.description) == ["pools: expected an object, found a list"])
    }

    @Test(arguments: [
        ("vendor", "vendors"), ("virtualFunction", "virtualFunctions"), ("pfName", "pfNames"),
        ("Selectors", "selectors"),
    ])
    func `a slip is told from a stranger`(word: String, meant: String) {
        let known = ["vendors", "virtualFunctions", "pfNames", "selectors", "devices"]
        #expect(nearest(to: word, among: known) == meant)
        #expect(nearest(to: "colour", among: known) == nil)
    }
}
