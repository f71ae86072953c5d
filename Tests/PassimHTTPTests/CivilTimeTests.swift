import Glibc
import PassimTestKit
import Testing

@testable import PassimHTTP

struct CivilTimeTests {
    @Test func calendarIsThatOfTheSystem() {
        var random = SeededGenerator(seed: 0x2026_0030)
        for _ in 0..<20000 {
            let seconds = Int64.random(in: 0...CivilTime.latest, using: &random)
            var moment = time_t(seconds)
            var fields = tm()
            gmtime_r(&moment, &fields)
            let time = CivilTime(unixSeconds: seconds)
            #expect(
                [time.year, time.month, time.day, time.weekday, time.hour, time.minute, time.second]
                    == [
                        Int(fields.tm_year) + 1900, Int(fields.tm_mon) + 1, Int(fields.tm_mday),
                        Int(fields.tm_wday),
                        Int(fields.tm_hour), Int(fields.tm_min), Int(fields.tm_sec),
                    ])
            #expect(
                CivilTime.midnight(year: time.year, month: time.month, day: time.day) == seconds - seconds
                    % 86400)
        }
    }

    @Test func timesOutsideTheYearsAreMovedInside() {
        #expect(CivilTime(unixSeconds: .min) == CivilTime(unixSeconds: 0))
        #expect(CivilTime(unixSeconds: -1) == CivilTime(unixSeconds: 0))
        #expect(CivilTime(unixSeconds: .max) == CivilTime(unixSeconds: CivilTime.latest))
        #expect(CivilTime(unixSeconds: .max).year == 9999)
    }

    @Test func daysThatDoNotExistHaveNoMidnight() {
        #expect(CivilTime.midnight(year: 2023, month: 2, day: 29) == nil)
        #expect(CivilTime.midnight(year: 2024, month: 2, day: 29) != nil)
        #expect(CivilTime.midnight(year: 1900, month: 2, day: 29) == nil)
        #expect(CivilTime.midnight(year: 2000, month: 2, day: 29) != nil)
        #expect(CivilTime.midnight(year: 2024, month: 4, day: 31) == nil)
        #expect(CivilTime.midnight(year: 2024, month: 0, day: 1) == nil)
        #expect(CivilTime.midnight(year: 2024, month: 13, day: 1) == nil)
        #expect(CivilTime.midnight(year: 2024, month: 1, day: 0) == nil)
        #expect(CivilTime.midnight(year: 0, month: 1, day: 1) == nil)
        #expect(CivilTime.midnight(year: 1, month: 1, day: 1) == -62_135_596_800)
    }
}
