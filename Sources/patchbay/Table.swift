/// Rows in aligned columns; columns with nothing in them are left out.
struct Table {
    struct Column {
        var title: String
        /// Numbers stand at the right end of their column.
        var isNumeric = false

        init(_ title: String, isNumeric: Bool = false) {
            self.title = title
            self.isNumeric = isNumeric
        }
    }

    struct Row {
        var cells: [String]
        /// Part of the row above, shown with less weight.
        var isDetail = false
    }

    private let columns: [Column]
    private var rows: [Row] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; cells that are missing at its end are empty.
    mutating func add(_ cells: [String], isDetail: Bool = false) {
        let missing = max(0, columns.count - cells.count)
        rows.append(Row(cells: cells + Array(repeating: "", count: missing), isDetail: isDetail))
    }

    var isEmpty: Bool { rows.isEmpty }

    /// The lines, the titles first.
    ///
    /// - Parameter limit: Where a line is cut, in characters, so that it does not wrap; `nil` for nowhere.
    /// - Returns: One line for the titles and one a row, without line feeds.
    func lines(limit: Int? = Terminal.width) -> [String] {
        let shown = columns.indices.filter { column in rows.contains { !$0.cells[column].isEmpty } }
        let widths = shown.map { column in
            max(columns[column].title.count, rows.map { $0.cells[column].count }.max() ?? 0)
        }
        let format = { (cells: [String]) -> String in
            let padded = zip(shown, widths).map { column, width in
                pad(cells[column], to: width, atStart: columns[column].isNumeric)
            }
            return cut(trimmed(padded.joined(separator: "  ")), to: limit)
        }
        return [Terminal.bold(format(columns.map(\.title)))]
            + rows.map { $0.isDetail ? Terminal.dim(format($0.cells)) : format($0.cells) }
    }
}

private func pad(_ text: String, to width: Int, atStart: Bool) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.count))
    return atStart ? blanks + text : text + blanks
}

private func trimmed(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
}

private func cut(_ line: String, to limit: Int?) -> String {
    guard let limit, line.count > limit else { return line }
    return line.prefix(max(0, limit - 1)) + "…"
}
