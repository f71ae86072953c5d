internal import Glibc

/// The same figures at several numbers of files, and whether they grow faster than the number does.
struct GrowthTable {
    private struct Line {
        var what: String
        var unit: String
        var limit: Double?
        var values: [Double?]
    }

    let counts: [Int]
    private var lines: [Line] = []

    init(counts: [Int]) {
        self.counts = counts
    }

    /// - Parameter limit: what the figure is to stay at or below, at any number.
    mutating func add(
        _ what: String, _ unit: String, _ value: Double, at count: Int, atMost limit: Double? = nil
    ) {
        // Each number of files is measured after the others: figures show as they come.
        print("\(count) files, \(what): \(decimals(value)) \(unit)")
        let line =
            lines.firstIndex { $0.what == what }
            ?? {
                lines.append(Line(what: what, unit: unit, limit: limit, values: counts.map { _ in nil }))
                return lines.count - 1
            }()
        if let column = counts.firstIndex(of: count) { lines[line].values[column] = value }
    }

    // MARK: - Telling

    /// Between the two largest numbers: below them what does not depend on the number hides the rest.
    private func growth(_ line: Line) -> Double? {
        guard line.values.count > 1, let last = line.values[line.values.count - 1],
            let before = line.values[line.values.count - 2], before > 0
        else { return nil }
        return last / before
    }

    private var growthOfCount: Double {
        Double(counts[counts.count - 1]) / Double(counts[max(0, counts.count - 2)])
    }

    /// A quarter is allowed for: the machine may be busier at one than at the other.
    private func verdict(_ line: Line) -> String {
        let isSlow = growth(line).map { $0 > growthOfCount * 1.25 } ?? false
        let isOver =
            line.limit.map { limit in line.values.contains { $0.map { $0 > limit } ?? false } } ?? false
        return [isSlow ? "FASTER" : "", isOver ? "MISSED" : ""].filter { !$0.isEmpty }.joined(separator: " ")
    }

    func tell() {
        let head = ["what", "unit"] + counts.map { "\($0)" } + ["growth", "limit", ""]
        let rows =
            [head]
            + lines.map { line in
                [line.what, line.unit] + line.values.map { $0.map(decimals) ?? "–" }
                    + [
                        growth(line).map { "× " + decimals($0) } ?? "–",
                        line.limit.map { "≤ " + decimals($0) } ?? "–", verdict(line),
                    ]
            }
        let widths = head.indices.map { column in rows.map { $0[column].count }.max()! }
        print("million: growth is from \(counts.dropLast().last ?? 0) files to \(counts.last!)")
        for row in rows {
            print(
                zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                    .joined(separator: "  "))
        }
    }

    var document: String {
        let rows = lines.map { line in
            let values = line.values.map { $0.map(decimals) ?? "null" }.joined(separator: ", ")
            return "  {\"what\": \"\(line.what)\", \"unit\": \"\(line.unit)\", \"values\": [\(values)]}"
        }
        return """
            {"benchmark": "million", "counts": \(counts),
            "rows": [
            \(rows.joined(separator: ",\n"))
            ]}
            """
    }
}

/// Two decimals; three where it is less than one.
private func decimals(_ value: Double) -> String {
    let scale = value.magnitude < 1 ? 1000.0 : 100.0
    let whole = Int((value.magnitude * scale).rounded())
    let fraction = String(whole % Int(scale))
    let padding = String(repeating: "0", count: (scale == 1000 ? 3 : 2) - fraction.count)
    return "\(value < 0 ? "-" : "")\(whole / Int(scale)).\(padding)\(fraction)"
}
