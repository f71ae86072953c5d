internal import PassimSystem

/// What is said at the end.
struct Summary {
    private let lines: [String]

    init(
        seed: UInt64, _ counts: SoakCounts, _ attacks: [String], _ watches: [LeakWatch],
        _ audit: [String: Int],
        _ failures: [String],
        _ start: UInt64
    ) {
        let minutes = Double(monotonicNanoseconds() - start) / 60e9
        let kinds = Disturbance.allCases.map { "\($0.rawValue) \(counts.disturbances[$0] ?? 0)" }
        let shares = audit.filter { $0.key.contains(".") }.values.reduce(0, +)
        var lines = [
            "", "\(Summary.tenths(minutes)) minutes with seed \(seed)",
            "mirror: \(counts.changes) changes; \(kinds.joined(separator: ", "))",
            "attacks: " + attacks.map { "\($0) \(counts.attacks[$0] ?? 0)" }.joined(separator: ", ")
                + "; a steady file took \(Summary.tenths(counts.longestWait)) s at most",
            """
            downloads: \(counts.downloads) whole, \(counts.ranges) parts, all bytes right; \(counts.brokenOff) broken \
            off by clients, \(counts.cutOff) cut off as the file had changed, \(counts.unknown) of what had gone, \
            \(counts.bareConnections) connections without a request
            """,
            """
            published: \(counts.published); \(counts.withdrawn) withdrawn, \(counts.usedUp) used up, \(counts.aged) \
            aged, \(counts.refused) refused
            """,
            """
            look-ups: \(counts.lookups); \(counts.found) found, \(counts.nobody) of what nobody has, \(counts.missed) \
            missed, the longest \(Summary.tenths(counts.longestLookup)) s
            """,
            "audit log: \(shares) SHARE, \(audit["PBLSH"] ?? 0) PBLSH, \(audit["DELTE"] ?? 0) DELTE",
        ]
        lines += watches.map { watch in
            "\(watch.name): first \(watch.first.text); at most \(watch.peak.text); last \(watch.last.text)"
        }
        lines += failures.map { "FAILED \($0)" }
        lines.append(
            failures.isEmpty
                ? "nothing was wrong"
                : "\(failures.count) failures; again: scripts/soak \(Summary.tenths(minutes)) --seed \(seed)")
        self.lines = lines
    }

    func print() {
        for line in lines { Swift.print(line) }
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
