extension HTTPDate {
    /// Reads any of the three forms that a recipient must know (RFC 9110 section 5.6.7): IMF-fixdate, and the
    /// obsolete ones of RFC 850 and asctime.
    ///
    /// Strict to the byte, but the weekday need not fit the date. RFC 850's two digits mean 1970 to 2069:
    /// the rule of RFC 9110 needs a clock, and says the same for what a file's time can be.
    package init?(parsing bytes: UnsafeRawBufferPointer) {
        var cursor = DateCursor(bytes)
        guard let weekday = cursor.name(of: DateNames.weekdays) else { return nil }
        let moment: Int64?
        if cursor.skip(", ") {
            moment = cursor.fixdate()
        } else if cursor.skip(" ") {
            moment = cursor.asctime()
        } else if cursor.skip(DateNames.weekdayEnding(weekday)), cursor.skip(", ") {
            moment = cursor.rfc850()
        } else {
            return nil
        }
        guard let moment, cursor.isAtEnd else { return nil }
        seconds = moment
    }
}

private struct DateCursor {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard rest.count >= length, rest.part(0..<length).equals(text) else { return false }
        rest = rest.part(length..<rest.count)
        return true
    }

    /// - Returns: which of `names`, three letters each, stands here.
    mutating func name(of names: StaticString) -> Int? {
        guard rest.count >= 3 else { return nil }
        for index in 0..<names.utf8CodeUnitCount / 3 {
            let letters = names.utf8Start + index * 3
            if rest[0] == letters[0], rest[1] == letters[1], rest[2] == letters[2] {
                rest = rest.part(3..<rest.count)
                return index
            }
        }
        return nil
    }

    mutating func number(digits: Int) -> Int? {
        guard rest.count >= digits else { return nil }
        var value = 0
        for digit in rest.part(0..<digits) {
            guard ASCII.isDigit(digit) else { return nil }
            value = value * 10 + Int(digit - ASCII.zero)
        }
        rest = rest.part(digits..<rest.count)
        return value
    }

    /// `06 Nov 1994 08:49:37 GMT`.
    mutating func fixdate() -> Int64? {
        guard let day = number(digits: 2), skip(" "), let month = name(of: DateNames.months), skip(" "),
            let year = number(digits: 4), skip(" "), let time = timeOfDay(), skip(" GMT"),
            let midnight = CivilTime.midnight(year: year, month: month + 1, day: day)
        else { return nil }
        return midnight + time
    }

    /// `06-Nov-94 08:49:37 GMT`.
    mutating func rfc850() -> Int64? {
        guard let day = number(digits: 2), skip("-"), let month = name(of: DateNames.months), skip("-"),
            let year = number(digits: 2), skip(" "), let time = timeOfDay(), skip(" GMT"),
            let midnight = CivilTime.midnight(
                year: year < 70 ? 2000 + year : 1900 + year, month: month + 1, day: day)
        else { return nil }
        return midnight + time
    }

    /// `Nov  6 08:49:37 1994`.
    mutating func asctime() -> Int64? {
        guard let month = name(of: DateNames.months), skip(" "),
            let day = skip(" ") ? number(digits: 1) : number(digits: 2), skip(" "),
            let time = timeOfDay(), skip(" "), let year = number(digits: 4),
            let midnight = CivilTime.midnight(year: year, month: month + 1, day: day)
        else { return nil }
        return midnight + time
    }

    /// `08:49:37`; 60 is a leap second's.
    private mutating func timeOfDay() -> Int64? {
        guard let hour = number(digits: 2), hour < 24, skip(":"), let minute = number(digits: 2), minute < 60,
            skip(":"), let second = number(digits: 2), second <= 60
        else { return nil }
        return Int64(hour * 3600 + minute * 60 + second)
    }
}
