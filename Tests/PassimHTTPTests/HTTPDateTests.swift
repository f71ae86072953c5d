import Glibc
import PassimTestKit
import Testing

@testable import PassimHTTP

private func parsed(_ text: String) -> Int64? {
    withRaw(text) { HTTPDate(parsing: $0)?.seconds }
}

struct HTTPDateTests {
    /// The second implementation: the C library's.
    private func system(_ format: String, _ seconds: Int64) -> String {
        var moment = time_t(seconds)
        var fields = tm()
        gmtime_r(&moment, &fields)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, format, &fields)
        return String(decoding: text[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    @Test func exampleOfTheStandardIsWrittenAndReadInAllForms() {
        #expect(HTTPDate(unixSeconds: 784_111_777).text == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(parsed("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(parsed("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
        #expect(parsed("Sun Nov  6 08:49:37 1994") == 784_111_777)
    }

    @Test func everyFormIsReadBack() {
        var random = SeededGenerator(seed: 0x2026_0040)
        for _ in 0..<5000 {
            let seconds = Int64.random(in: 0...CivilTime.latest, using: &random)
            let text = HTTPDate(unixSeconds: seconds).text
            #expect(text == system("%a, %d %b %Y %H:%M:%S GMT", seconds))
            #expect(parsed(text) == seconds)
            #expect(parsed(system("%a %b %e %H:%M:%S %Y", seconds)) == seconds)
            let near = seconds % 3_155_673_600  // until 2069
            #expect(parsed(system("%A, %d-%b-%y %H:%M:%S GMT", near)) == near)
        }
    }

    @Test(arguments: [
        "", "Sun", "Sun,", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT", "Sunda, 06-Nov-94 08:49:37 GMT", "Monday 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 006 08:49:37 1994", "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94", "Sun, 06 Nov 0000 08:49:37 GMT", "784111777",
        "Sun, +6 Nov 1994 08:49:37 GMT",
    ])
    func anythingElseIsNoDate(text: String) {
        #expect(parsed(text) == nil)
    }

    @Test func leapSecondIsRead() {
        #expect(parsed("Sat, 31 Dec 2016 23:59:60 GMT") == 1_483_228_800)
    }

    @Test func mutatedDatesAreReadOrRefusedInsideTheirBytes() {
        var random = SeededGenerator(seed: 0x2026_0041)
        let memory = GuardedBytes(capacity: 64)
        let forms = [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Wednesday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ]
        for _ in 0..<10000 {
            var text = Array(random.pick(forms).utf8)
            let place = Int.random(in: 0..<text.count, using: &random)
            text[place] = random.pick(Array("0959 ,:-SMNGx\0".utf8))
            if random.chance(30) { text.removeLast(Int.random(in: 0...text.count, using: &random)) }
            let date = memory.with(text) { HTTPDate(parsing: $0) }
            // What was read is how that moment is written, but for the weekday; 60 is the next minute.
            guard let date, date.seconds >= 0, text.count == HTTPDate.byteCount, text[23] != 0x36,
                text[3] == 0x2C
            else { continue }
            #expect(Array(date.text.utf8).dropFirst(3) == text.dropFirst(3))
        }
    }
}
