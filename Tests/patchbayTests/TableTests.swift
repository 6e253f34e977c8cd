import Testing

@testable import patchbay

@Suite struct TableTests {
    private func table(_ rows: [[String]]) -> Table {
        var table = Table([Table.Column("NAME"), Table.Column("SIZE", isNumeric: true), Table.Column("NOTE")])
        for row in rows { table.add(row) }
        return table
    }

    @Test func `columns are as wide as their widest cell, numbers stand at the right, no blank ends a line`() {
        #expect(
            table([["a", "1", "x"], ["longer", "1500", ""]]).lines(limit: nil) == [
                "NAME    SIZE  NOTE", "a          1  x", "longer  1500",
            ]
        )
    }

    @Test func `a column with nothing in it is left out`() {
        #expect(table([["a"], ["b"]]).lines(limit: nil) == ["NAME", "a", "b"])
    }

    @Test func `a line is cut where the terminal ends`() {
        #expect(table([["a", "1", "a long remark"]]).lines(limit: 14) == ["NAME  SIZE  N…", "a        1  a…"])
    }

    @Test func `a line that just fits is whole`() {
        #expect(table([["a", "1", "x"]]).lines(limit: 16) == ["NAME  SIZE  NOTE", "a        1  x"])
    }
}
