import Glibc

/// Dates of HTTP by their words: each is written again, and must be what was read.
enum ReferenceDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    static func seconds(_ text: String) -> Int64? {
        guard text.utf8.allSatisfy({ $0 < 128 && $0 != 0x0D }) else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
        let short = days.map { String($0.prefix(3)) }
        if words.count == 6, words[5] == "GMT", short.contains(where: { words[0] == $0 + "," }) {
            return moment(words[3], years: 4, words[2], words[1], words[4])
        }
        if words.count == 4, words[3] == "GMT", days.contains(where: { words[0] == $0 + "," }) {
            let date = words[1].split(separator: "-", omittingEmptySubsequences: false).map { String($0) }
            guard date.count == 3, let year = number(date[2], digits: 2) else { return nil }
            return moment("\(year < 70 ? 2000 + year : 1900 + year)", years: 4, date[1], date[0], words[2])
        }
        guard words.count >= 5, short.contains(words[0]) else { return nil }
        if words.count == 6, words[2].isEmpty, words[3].utf8.count == 1 {
            return moment(words[5], years: 4, words[1], "0" + words[3], words[4])
        }
        return words.count == 5 ? moment(words[4], years: 4, words[1], words[2], words[3]) : nil
    }

    private static func number(_ text: String, digits: Int) -> Int32? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ 48...57 ~= $0 }) else { return nil }
        return Int32(text)
    }

    private static func moment(
        _ year: String, years: Int, _ month: String, _ day: String, _ time: String
    ) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { String($0) }
        guard clock.count == 3, let hour = number(clock[0], digits: 2), hour < 24,
            let minute = number(clock[1], digits: 2), minute < 60,
            let second = number(clock[2], digits: 2), second <= 60,
            let year = number(year, digits: years), year > 0, let month = months.firstIndex(of: month),
            let day = number(day, digits: 2)
        else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
        let midnight = timegm(&parts)
        // It moves days that a month does not have to the next one.
        guard parts.tm_mday == day, parts.tm_mon == month else { return nil }
        return Int64(midnight) + Int64(hour) * 3600 + Int64(minute) * 60 + Int64(second)
    }
}
