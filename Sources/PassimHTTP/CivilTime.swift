/// A moment as the Gregorian calendar and a clock show it in UTC, for years 1970 to 9999; what is before or
/// after is moved to the nearest second of those. No time zones, no leap seconds, no Foundation.
package struct CivilTime: Sendable, Hashable {
    package let year: Int
    /// 1–12.
    package let month: Int
    /// 1–31.
    package let day: Int
    /// 0 is Sunday.
    package let weekday: Int
    package let hour: Int
    package let minute: Int
    package let second: Int

    /// The last second of the year 9999.
    package static let latest: Int64 = 253_402_300_799

    /// Moved into the years that can be written.
    static func clamped(_ unixSeconds: Int64) -> Int64 {
        min(max(unixSeconds, 0), latest)
    }

    package init(unixSeconds: Int64) {
        let seconds = Int(CivilTime.clamped(unixSeconds))
        let days = seconds / 86400
        let rest = seconds % 86400
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
        weekday = (days + 4) % 7
        // Years that begin in March, in eras of 400: the leap day is the last of its year (Howard Hinnant,
        // "chrono-compatible low-level date algorithms").
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// - Returns: Unix seconds of midnight; nil where there is no such day in the years 1 to 9999. Negative
    ///   before 1970.
    package static func midnight(year: Int, month: Int, day: Int) -> Int64? {
        guard 1...9999 ~= year, 1...12 ~= month, 1...daysIn(month: month, of: year) ~= day else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468) * 86400
    }

    private static func daysIn(month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
