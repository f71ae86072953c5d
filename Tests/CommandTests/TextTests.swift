import PassimTestKit
import Testing

@testable import passim

@Suite struct TextTests {
    // MARK: Times

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
