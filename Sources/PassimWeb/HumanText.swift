internal import PassimHTTP

/// Figures as people read them.
enum HumanText {
    /// Binary units with one decimal, rounded to the nearest: `999 B`, `1.5 KiB`.
    static func size(bytes: UInt64) -> String {
        if bytes < 1024 { return "\(bytes) B" }
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var unit = 0
        var shift: UInt64 = 10
        while true {
            let whole = bytes >> shift
            let rest = bytes & (1 << shift - 1)
            // Tenths, without overflow for any 64-bit size: the rest has less than 60 bits.
            let tenths = whole * 10 + (rest * 10 + (1 << (shift - 1))) >> shift
            if tenths < 10240 || unit == units.count - 1 {
                return "\(tenths / 10).\(tenths % 10) \(units[unit])"
            }
            unit += 1
            shift += 10
        }
    }

    /// The two biggest units: `3 d 4 h`, `5 min 6 s`.
    static func duration(seconds: UInt64) -> String {
        let (days, hours) = (seconds / 86400, seconds / 3600 % 24)
        let (minutes, rest) = (seconds / 60 % 60, seconds % 60)
        if days > 0 { return "\(days) d \(hours) h" }
        if hours > 0 { return "\(hours) h \(minutes) min" }
        if minutes > 0 { return "\(minutes) min \(rest) s" }
        return "\(rest) s"
    }

    /// `2024-01-02 03:04 UTC`.
    static func time(_ time: CivilTime) -> String {
        "\(date(time)) \(two(time.hour)):\(two(time.minute)) UTC"
    }

    /// `2024-01-02T03:04:05Z`, a valid global date and time of HTML.
    static func machineTime(_ time: CivilTime) -> String {
        "\(date(time))T\(two(time.hour)):\(two(time.minute)):\(two(time.second))Z"
    }

    private static func date(_ time: CivilTime) -> String {
        "\(time.year)-\(two(time.month))-\(two(time.day))"
    }

    private static func two(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
