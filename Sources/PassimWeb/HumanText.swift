internal import PassimCore
internal import PassimHTTP

/// Figures as people read them.
enum HumanText {
    /// Groups of three digits with a narrow space that does not break between them.
    static func count(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number))
        var text = ""
        for (position, digit) in digits.enumerated() {
            let left = digits.count - position
            if position > 0, left % 3 == 0, digits.count > 4 { text += "\u{202F}" }
            text.append(digit)
        }
        return text
    }

    /// Two decimals, and two digits that count where it is less than that: `1.25`, `0.0013`.
    static func decimal(_ number: Double) -> String {
        guard number.isFinite, number > 0 else { return "0" }
        var places = 2
        var scaled = number * 100
        while scaled < 10, places < 9 {
            scaled *= 10
            places += 1
        }
        // Past 2^53 hundredths nobody looks at them.
        guard scaled < 0x1p53 else { return count(UInt64(min(number, 0x1p63))) }
        let rounded = UInt64(scaled.rounded())
        let digits = String(rounded)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return "\(padded.dropLast(places)).\(padded.suffix(places))"
    }

    /// Without a decimal that is 0: `6 MiB`.
    static func roundSize(bytes: UInt64) -> String {
        let text = ByteCount(bytes).description
        guard let dot = text.firstIndex(of: "."), text[dot...].hasPrefix(".0 ") else { return text }
        return String(text[..<dot] + text[dot...].dropFirst(2))
    }

    /// `1 file`, `2 files`.
    static func count(_ number: some BinaryInteger, _ word: String, _ words: String? = nil) -> String {
        "\(count(number)) \(number == 1 ? word : words ?? word + "s")"
    }

    /// A share in per cent, rounded down: 100 only if it is all.
    static func percent(_ part: UInt64, of whole: UInt64) -> String {
        guard whole > 0 else { return none }
        if part >= whole { return "100 %" }
        return "\(Int(Double(part) / Double(whole) * 100).clamped(to: 0...99)) %"
    }

    /// With a capital letter, if it begins with a small one.
    static func sentence(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    /// Stands where there is no value.
    static let none = "–"

    /// `now`, `28 min ago`, `5 h ago`, `9 days ago`.
    ///
    /// - Parameter seconds: since 1970, as `now` is; both may be anything.
    static func ago(_ seconds: Int64, now: Int64) -> String {
        let (age, overflow) = now.subtractingReportingOverflow(seconds)
        if overflow { return now < seconds ? "in the future" : "long ago" }
        // A clock that was set, or a file from another machine's.
        if age < -60 { return "in the future" }
        return age < 60 ? "now" : "\(span(seconds: UInt64(age))) ago"
    }

    /// The biggest unit only: `40 s`, `28 min`, `5 h`, `9 days`.
    static func span(seconds: UInt64) -> String {
        switch seconds {
        case ..<60: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h"
        default: "\(count(seconds / 86400)) days"
        }
    }

    /// `November 2036`.
    static func month(_ time: CivilTime) -> String {
        let names = [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ]
        return "\(names[time.month - 1]) \(time.year)"
    }

    /// `12:40`.
    static func clock(_ time: CivilTime) -> String { "\(two(time.hour)):\(two(time.minute))" }

    /// `1 min`, `15 min`, `2 h`.
    static func minutes(_ minutes: Int) -> String {
        minutes >= 60 && minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes) min"
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

    /// `2024-01-02 03:04`, in UTC as all times of a page.
    static func time(_ time: CivilTime) -> String { "\(date(time)) \(clock(time))" }

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

extension Int {
    fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
