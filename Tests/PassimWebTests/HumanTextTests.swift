import PassimHTTP
import Testing

@testable import PassimWeb

struct HumanTextTests {
    @Test(
        arguments: [
            (0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min"),
            (86399, "23 h 59 min"),
            (86400, "1 d 0 h"), (UInt64.max, "213503982334601 d 7 h"),
        ] as [(UInt64, String)])
    func durationsHaveTwoUnits(seconds: UInt64, expected: String) {
        #expect(HumanText.duration(seconds: seconds) == expected)
    }

    @Test func timesArePadded() {
        let time = CivilTime(unixSeconds: 1_704_164_645)
        #expect(HumanText.time(time) == "2024-01-02 03:04")
        #expect(HumanText.machineTime(time) == "2024-01-02T03:04:05Z")
    }

    @Test(arguments: [
        (0, "0"), (9999, "9999"), (10_000, "10\u{202F}000"), (1_234_567, "1\u{202F}234\u{202F}567"),
    ])
    func countsAreGrouped(number: Int, expected: String) {
        #expect(HumanText.count(number) == expected)
    }

    @Test(
        arguments: [
            (0, "0"), (1.254, "1.25"), (12, "12.00"), (0.0791, "0.079"), (0.00012345, "0.00012"),
            (1e-15, "0.000000000"),
            (.infinity, "0"), (-1, "0"),
            (1e300, "9\u{202F}223\u{202F}372\u{202F}036\u{202F}854\u{202F}775\u{202F}808"),
        ] as [(Double, String)])
    func decimalsHaveTwoThatCount(number: Double, expected: String) {
        #expect(HumanText.decimal(number) == expected)
    }

    @Test(
        arguments: [
            (0, "now"), (59, "now"), (60, "1 min ago"), (7199, "119 min ago"), (7200, "2 h ago"),
            (172_799, "47 h ago"), (172_800, "2 days ago"), (86400 * 20_000, "20\u{202F}000 days ago"),
            (-60, "now"), (-61, "in the future"),
        ] as [(Int64, String)])
    func agesHaveOneUnit(age: Int64, text: String) {
        #expect(HumanText.ago(1_000_000_000 - age, now: 1_000_000_000) == text)
    }

    @Test func agesOfAnythingDoNotOverflow() {
        #expect(HumanText.ago(.min, now: .max) == "long ago")
        #expect(HumanText.ago(.max, now: .min) == "in the future")
    }

    @Test(
        arguments: [
            (0, 0, "–"), (0, 5, "0 %"), (1, 3, "33 %"), (2, 3, "66 %"), (999_999, 1_000_000, "99 %"),
            (5, 5, "100 %"),
            (6, 5, "100 %"), (UInt64.max - 1, UInt64.max, "99 %"),
        ] as [(UInt64, UInt64, String)])
    func sharesAreRoundedDown(part: UInt64, whole: UInt64, text: String) {
        #expect(HumanText.percent(part, of: whole) == text)
    }

    @Test func roundSizesHaveNoDecimal() {
        #expect(HumanText.roundSize(bytes: 600 << 20) == "600 MiB")
        #expect(HumanText.roundSize(bytes: 1536) == "1.5 KiB")
        #expect(HumanText.roundSize(bytes: 10) == "10 B")
    }
}
