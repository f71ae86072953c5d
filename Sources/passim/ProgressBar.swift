internal import PassimCore
internal import PassimSystem

/// A line on standard error that tells how far something is; nothing where that is no terminal.
final class ProgressBar {
    private let label: String
    private let isShown: Bool
    private let began = monotonicNanoseconds()
    private var drawn: UInt64 = 0
    private var isThere = false
    /// Bytes that were there at the start, which say nothing of the rate.
    private var first: UInt64?

    /// Nanoseconds between two drawings.
    private static let pause: UInt64 = 100_000_000

    init(_ label: String) {
        self.label = label
        isShown = StandardStream.errors.isTerminal && Style.variable("TERM") != "dumb"
    }

    /// Draws, if the last time was long enough ago.
    func show(_ done: UInt64, of total: UInt64, _ note: @autoclosure () -> String = "") {
        guard isShown else { return }
        if first == nil { first = done }
        let now = monotonicNanoseconds()
        if isThere, now - drawn < ProgressBar.pause { return }
        drawn = now
        let rate = Double(done - min(done, first!)) / max(0.001, Double(now - began) / 1e9)
        draw(
            ProgressBar.line(
                label: label, done: done, total: total, rate: rate, note: note(),
                width: StandardStream.errors.columns ?? 80))
    }

    /// Takes the line away: before anything else is printed, and at the end.
    func clear() {
        if isThere { draw("") }
        isThere = false
    }

    private func draw(_ line: String) {
        isThere = true
        let errors = Output(.errors)
        // Erase in line (ECMA-48, 8.3.41).
        try? errors.write("\r\(line)\u{1B}[K")
        try? errors.flush()
    }

    /// - Parameter rate: bytes per second.
    /// - Returns: at most `width` - 1 columns: in the last one some terminals begin a line.
    static func line(
        label: String, done: UInt64, total: UInt64, rate: Double, note: String, width: Int
    ) -> String {
        let share = total == 0 ? 1 : min(1, Double(done) / Double(total))
        let percent = "\(Int(share * 100))%"
        var numbers = "\(ByteCount(min(done, total))) of \(ByteCount(total))"
        if rate >= 1 {
            numbers += "  \(ByteCount(UInt64(saturating: rate)))/s"
            let left = Double(total - min(done, total)) / rate
            if left >= 1, left < 1e6 { numbers += "  \(TimeSpan(seconds: Int64(left))) left" }
        }
        if !note.isEmpty { numbers += "  \(note)" }
        let end = " \(String(repeating: " ", count: 4 - percent.count))\(percent)  \(numbers)"
        let room = width - 1 - columns(of: label) - columns(of: end) - 3
        guard room >= 5 else {
            var short = end.drop { $0 == " " }
            while columns(of: String(short)) > max(0, width - 1) { short.removeLast() }
            return String(short)
        }
        let bar = min(room, 40)
        let full = Int(share * Double(bar))
        let hashes = String(repeating: "#", count: full) + String(repeating: " ", count: bar - full)
        return "\(label) [\(hashes)]\(end)"
    }
}
