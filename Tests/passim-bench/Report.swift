internal import ArgumentParser
internal import Glibc
internal import PassimSystem

/// What benchmarks found: printed as a table, and written as JSON where asked for.
struct Report {
    enum Target {
        case atMost(Double), atLeast(Double)
        /// Ours divided by the peer's.
        case ratioAtMost(Double)
        case ratioAtLeast(Double)
        /// Ours, whichever allows more.
        case atMostOrRatio(Double, ratio: Double)
    }

    struct Row {
        var what: String
        var unit: String
        var ours: Double
        var peer: Double?
        var target: Target?
        /// Of the figures when they were taken: which load, which limit.
        var note = ""
        var pairedRatio: Double?

        /// Of figures taken in turns, the median of each round's: the machine may be busier in one round
        /// than in another. Otherwise that of the two figures.
        var ratio: Double? {
            if let pairedRatio { return pairedRatio }
            guard let peer, peer > 0 else { return nil }
            return ours / peer
        }

        var isMet: Bool? {
            switch target {
            case .atMost(let bound): ours <= bound
            case .atLeast(let bound): ours >= bound
            case .ratioAtMost(let bound): ratio.map { $0 <= bound }
            case .ratioAtLeast(let bound): ratio.map { $0 >= bound }
            case .atMostOrRatio(let bound, let ratio): ours <= bound || self.ratio.map { $0 <= ratio } == true
            case nil: nil
            }
        }

        var targetText: String {
            switch target {
            case .atMost(let bound): "≤ \(rounded(bound))"
            case .atLeast(let bound): "≥ \(rounded(bound))"
            case .ratioAtMost(let bound): "≤ \(rounded(bound)) ×"
            case .ratioAtLeast(let bound): "≥ \(rounded(bound)) ×"
            case .atMostOrRatio(let bound, let ratio): "≤ \(rounded(bound)) or \(rounded(ratio)) ×"
            case nil: "–"
            }
        }
    }

    /// Which benchmarks.
    var name: String
    /// What ours is compared with.
    var peer: String
    var rows: [Row] = []

    // MARK: - Telling

    /// Prints the table, and writes the JSON file where there is to be one.
    func tell(json path: String?) throws {
        print("\(name), \(processorCount()) processors; the peer is \(peer)")
        print(table)
        let notes = rows.filter { !$0.note.isEmpty }
        if !notes.isEmpty { print(notes.map { "  \($0.what): \($0.note)" }.joined(separator: "\n")) }
        if let path { try Report.write("\(document)\n", to: path) }
    }

    private var table: String {
        let lines =
            [["what", "unit", "ours", "peer", "ratio", "target", ""]]
            + rows.map { row in
                [
                    row.what, row.unit, rounded(row.ours), row.peer.map(rounded) ?? "–",
                    row.ratio.map(rounded) ?? "–", row.targetText,
                    row.isMet.map { $0 ? "met" : "MISSED" } ?? "",
                ]
            }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max()! }
        return lines.map { line in
            zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                .joined(separator: "  ")
        }.joined(separator: "\n")
    }

    var document: String {
        let objects = rows.map { row in
            let fields = [
                "\"what\": \(quoted(row.what))", "\"unit\": \(quoted(row.unit))",
                "\"ours\": \(rounded(row.ours))", "\"peer\": \(row.peer.map(rounded) ?? "null")",
                "\"ratio\": \(row.ratio.map(rounded) ?? "null")", "\"target\": \(quoted(row.targetText))",
                "\"met\": \(row.isMet.map { "\($0)" } ?? "null")", "\"note\": \(quoted(row.note))",
            ]
            return "  {\(fields.joined(separator: ", "))}"
        }
        return """
            {"benchmark": \(quoted(name)), "peer": \(quoted(peer)), "processors": \(processorCount()),
            "rows": [
            \(objects.joined(separator: ",\n"))
            ]}
            """
    }

    static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else {
            throw ValidationError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        fputs(text, file)
        guard fclose(file) == 0 else {
            throw ValidationError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }
}

/// Two decimals.
private func rounded(_ value: Double) -> String {
    let hundredths = Int((value.magnitude * 100).rounded())
    let fraction = hundredths % 100
    return "\(value < 0 ? "-" : "")\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
}

/// A JSON string. What is told contains no control characters but those of a program's message.
private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar -> String in
        switch scalar {
        case "\"", "\\": "\\\(scalar)"
        case _ where scalar.value < 0x20: " "
        default: String(scalar)
        }
    }
    return "\"\(escaped.joined())\""
}
