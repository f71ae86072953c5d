/// Some seconds for people, in the largest unit that fits twice: `90 s`, `26 h`.
struct TimeSpan: CustomStringConvertible {
    let seconds: Int64

    init(seconds: Int64) {
        self.seconds = max(0, seconds)
    }

    var description: String {
        for (unit, name) in TimeSpan.units where seconds >= 2 * unit { return "\(seconds / unit) \(name)" }
        return "\(seconds) s"
    }

    private static let units: [(Int64, String)] = [(86400, "d"), (3600, "h"), (60, "min")]
}
