/// A moment as HTTP writes it (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
package struct HTTPDate: Sendable, Hashable {
    /// Unix seconds. Written dates are of the years 1970 to 9999 (`CivilTime`).
    package let seconds: Int64

    package static let byteCount = 29

    package init(unixSeconds: Int64) {
        seconds = unixSeconds
    }

    package var text: String {
        String(unsafeUninitializedCapacity: HTTPDate.byteCount) { buffer in
            write(to: UnsafeMutableRawBufferPointer(buffer))
            return HTTPDate.byteCount
        }
    }

    /// Writes 29 bytes to the start of `buffer`, which has room for them.
    package func write(to buffer: UnsafeMutableRawBufferPointer) {
        precondition(buffer.count >= HTTPDate.byteCount, "an HTTP date needs 29 bytes")
        let time = CivilTime(unixSeconds: seconds)
        let pattern: StaticString = "Www, dd Mmm yyyy hh:mm:ss GMT"
        for position in 0..<HTTPDate.byteCount { buffer[position] = pattern.utf8Start[position] }
        func put(_ number: Int, at position: Int) {
            buffer[position] = ASCII.zero + UInt8(number / 10)
            buffer[position + 1] = ASCII.zero + UInt8(number % 10)
        }
        for letter in 0..<3 {
            buffer[letter] = DateNames.weekdays.utf8Start[time.weekday * 3 + letter]
            buffer[8 + letter] = DateNames.months.utf8Start[(time.month - 1) * 3 + letter]
        }
        put(time.day, at: 5)
        put(time.year / 100, at: 12)
        put(time.year % 100, at: 14)
        put(time.hour, at: 17)
        put(time.minute, at: 20)
        put(time.second, at: 23)
    }
}

/// Three letters each.
enum DateNames {
    static let weekdays: StaticString = "SunMonTueWedThuFriSat"
    static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

    /// The day's whole name after its three letters.
    static func weekdayEnding(_ weekday: Int) -> StaticString {
        switch weekday {
        case 0, 1, 5: "day"
        case 2: "sday"
        case 3: "nesday"
        case 4: "rsday"
        default: "urday"
        }
    }
}
