/// The line of a minute.
struct Line {
    var seconds: Double
    var counts: SoakCounts
    var usage: ResourceUsage
    var failures: [String]
    var slow: [String]

    private static let columns = [
        ("time", 7), ("changes", 9), ("downloads", 10), ("parts", 7), ("published", 10), ("look-ups", 9),
        ("disturbed", 10), ("RSS MiB", 8), ("fds", 5), ("threads", 8),
    ]

    static var heading: String {
        columns.map { padded($0.0, $0.1) }.joined() + "  verdict"
    }

    var text: String {
        let minutes = Int(seconds) / 60
        let rest = Int(seconds) % 60
        let values = [
            "\(minutes):\(rest < 10 ? "0" : "")\(rest)", "\(counts.changes)", "\(counts.downloads)",
            "\(counts.ranges)", "\(counts.published)", "\(counts.lookups)",
            "\(counts.disturbances.values.reduce(0, +))", ResourceUsage.mebibytes(usage.kibibytes),
            "\(usage.descriptors)", "\(usage.threads)",
        ]
        var verdict = failures.isEmpty ? "ok" : "FAILED " + failures.joined(separator: " | ")
        if !slow.isEmpty { verdict += " (\(slow.joined(separator: ", ")))" }
        return zip(values, Line.columns).map { Line.padded($0, $1.1) }.joined() + "  " + verdict
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
