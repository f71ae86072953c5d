internal import PassimCore

/// Rows whose cells stand below each other.
struct Table {
    enum Alignment { case left, right }

    struct Cell {
        var text: String
        /// With colours; takes as many columns as `text`.
        var styled: String

        init(_ text: String, _ style: (String) -> String = { $0 }) {
            // A name has 255 bytes; whoever is on the bus may send more.
            self.text = ForeignText.shown(text, in: .terminal, limit: 1024)
            styled = style(self.text)
        }
    }

    private let alignments: [Alignment]
    private var rows: [[Cell]] = []
    /// At least so wide: for rows that are still to come.
    private let least: [Int]

    /// - Parameter least: columns of each cell; what is missing is 0.
    init(_ alignments: [Alignment], least: [Int] = []) {
        self.alignments = alignments
        self.least = least
    }

    mutating func add(_ cells: [Cell]) {
        rows.append(cells)
    }

    mutating func add(_ cells: String..., style: (String) -> String = { $0 }) {
        add(cells.map { Cell($0, style) })
    }

    /// One line for each row, without spaces at its end.
    var lines: [String] {
        let widths = alignments.indices.map { column in
            let floor = column < least.count ? least[column] : 0
            return rows.reduce(floor) { width, row in
                column < row.count ? max(width, columns(of: row[column].text)) : width
            }
        }
        return rows.map { row in
            var line = ""
            var trailing = 0
            for (column, cell) in row.enumerated() {
                let padding = widths[column] - columns(of: cell.text)
                let before = alignments[column] == .right ? padding : 0
                if !cell.text.isEmpty {
                    line += String(repeating: " ", count: trailing + before) + cell.styled
                    trailing = 0
                } else {
                    trailing += before
                }
                trailing += padding - before + 2
            }
            return line
        }
    }
}
