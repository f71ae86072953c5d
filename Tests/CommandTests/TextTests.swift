import PassimTestKit
import Testing

@testable import passim

@Suite struct TextTests {
    // MARK: Sizes and times

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (102_348, "99.9 KiB"),
        (102_400, "100 KiB"), (1_047_552, "1023 KiB"), (1_048_000, "1023 KiB"), (1_048_524, "1.0 MiB"),
        (1 << 30, "1.0 GiB"), (1 << 40, "1.0 TiB"), (1 << 50, "1.0 PiB"), (1 << 60, "1.0 EiB"),
        (UInt64.max, "16.0 EiB"),
    ])
    func sizeIsShort(bytes: UInt64, text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test func sizeIsNearWhatItStandsFor() throws {
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            let bytes = generator.next() >> UInt64.random(in: 0...63, using: &generator)
            let words = ByteCount(bytes).description.split(separator: " ")
            let exponent = try #require(
                ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"].firstIndex(of: words[1]))
            var value = try #require(Double(words[0]))
            for _ in 0..<exponent { value *= 1024 }
            #expect(abs(value - Double(bytes)) <= Double(bytes) * 0.051, "\(bytes)")
            #expect(words[0].count <= 4)
        }
    }

    @Test(arguments: [
        (-5, "0 s"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"),
        (86400, "24 h"),
        (172_800, "2 d"), (Int64(UInt32.max), "49710 d"),
    ])
    func timeIsShort(seconds: Int64, text: String) {
        #expect(TimeSpan(seconds: seconds).description == text)
    }

    // MARK: Tables

    @Test(arguments: [("", 0), ("abc", 3), ("ü", 1), ("u\u{308}", 1), ("漢字", 4), ("🚀", 2), ("a\u{200D}b", 2)])
    func widthIsThatOfATerminal(text: String, width: Int) {
        #expect(columns(of: text) == width)
    }

    @Test func cellsStandBelowEachOther() {
        var table = Table([.left, .right, .left])
        table.add("NAME", "SIZE", "")
        table.add("ü漢", "7", "note")
        table.add("longer", "12345", "")
        table.add("", "1", "x")
        #expect(
            table.lines == [
                "NAME     SIZE", "ü漢         7  note", "longer  12345", "            1  x",
            ])
        #expect(Table([.left]).lines == [])
    }

    @Test func coloursTakeNoRoom() {
        let style = Style(isColoured: true)
        var table = Table([.left, .left], least: [6])
        table.add("a", "b", style: style.bad)
        #expect(table.lines == ["\u{1B}[31ma\u{1B}[0m       \u{1B}[31mb\u{1B}[0m"])
        #expect(Style(isColoured: false).bad("a") == "a")
        // Here nothing is a terminal.
        #expect(!Style { _ in nil }.isColoured)
    }

    // MARK: Progress

    @Test func progressIsOneLine() {
        let line = ProgressBar.line(
            label: "Scanning", done: 512, total: 1024, rate: 128, note: "1 of 2 files", width: 100)
        #expect(
            line
                == "Scanning [################                ]  50%  512 B of 1.0 KiB  128 B/s  4 s left  1 of 2 files"
        )
        // Nothing is done, and bytes that were announced late.
        #expect(
            ProgressBar.line(label: "", done: 5, total: 0, rate: 0, note: "", width: 22) == "100%  0 B of 0 B"
        )
    }

    @Test func progressFitsAnyTerminal() {
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            let width = Int.random(in: 1...200, using: &generator)
            let total = generator.next() >> UInt64.random(in: 0...63, using: &generator)
            let line = ProgressBar.line(
                label: generator.pick(["Downloading a.bin", "漢字", ""]),
                done: generator.next() >> UInt64.random(in: 0...63, using: &generator), total: total,
                rate: generator.pick([0, 1, 1e9, 1e-9]), note: generator.pick(["", "10 of 1000 files"]),
                width: width)
            #expect(columns(of: line) < width, "\(width): \(line)")
            #expect(!line.contains("\n"))
        }
    }

    // MARK: Arguments

    @Test(arguments: [
        (["--next-reboot", "publish", "a"], ["publish", "--next-reboot", "a"]),
        (["publish", "--next-reboot", "a"], ["publish", "--next-reboot", "a"]),
        (["--next-reboot"], ["--next-reboot"]), (["--next-reboot", "status"], ["--next-reboot", "status"]),
        ([], []), (["--version"], ["--version"]), (["--version", "x"], ["--version"]),
        (["-V", "-x"], ["-V"]),
    ])
    func optionsMayStandBeforeTheCommand(given: [String], ordered: [String]) {
        #expect(StockArguments.ordered(given) == ordered)
    }
}
