import PassimBus
import PassimCore
import Testing

@testable import passim

@Suite struct ListingTextTests {
    private let plain = Style(isColoured: false)
    private let digest = Digest(words: (1, 2, 3, 4))

    private func line(_ item: ItemDescription) -> [String] {
        ItemRow.cells(item, now: 1_000_000, plain).map(\.text)
    }

    @Test func fileOfADirectoryHasNoEnd() {
        let item = ItemDescription(
            digest: digest, filename: RawName("a"), shareCount: 3, size: 1536, created: 5)
        #expect(line(item) == [digest.hex, "1.5 KiB", "3", "-", "-", "a"])
    }

    @Test func publishedFileTellsItsLimits() {
        var item = ItemDescription(
            digest: digest, filename: RawName("a"), cmdline: "fwupd", lifetime: Lifetime(), shareCount: 1,
            size: 1, created: 1_000_000 - 80_000)
        #expect(line(item) == [digest.hex, "1 B", "1/5", "106 min", "-", "a (by fwupd)"])
        item.flags = [.disabled]
        item.lifetime = Lifetime(maxAge: 10, shareLimit: 0)
        #expect(line(item) == [digest.hex, "1 B", "1", "0 s", "-", "a (not served now) (by fwupd)"])
        item.flags = [.disabled, .nextReboot]
        #expect(line(item).last == "a (after the next boot) (by fwupd)")
    }

    @Test func nothingThatOthersWroteMovesATerminal() {
        let item = ItemDescription(
            digest: digest, filename: RawName(bytes: [0x1B, 0x5B, 0x41, 0xFF]), cmdline: "\u{1B}[2J", size: 1,
            created: 0)
        #expect(line(item).last == "\\x1b[A\\xff (by \\x1b[2J)")
    }

    @Test func itemIsOneObject() {
        var json = JSONWriter()
        json.item(
            ItemDescription(
                digest: digest, filename: RawName("a\"b"), cmdline: "c", lifetime: Lifetime(), shareCount: 1,
                size: 7, flags: [.disabled], created: 9))
        json.lineBreak()
        #expect(
            String(decoding: json.take(), as: UTF8.self)
                == """
                {"hash":"\(digest.hex)","filename":"a\\"b","size":7,"cmdline":"c","ctime":9,"drop_in":"","max_age":86400,\
                "share_limit":5,"share_count":1,"disabled":true,"next_reboot":false}
                """)
    }

    // MARK: On a terminal

    @Test(arguments: [40, 80, 100, 132, 200])
    func lineIsNeverWiderThanTheTerminal(width: Int) {
        let names = [
            "a", "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
            String(repeating: "x", count: 255), String(repeating: "0a", count: 20) + "-Framework-13-AMD.cab",
        ]
        for name in names {
            let item = ItemDescription(
                digest: digest, filename: RawName(name), cmdline: "", shareCount: 12, size: 1 << 40,
                created: 0,
                origin: "a-rather-long-name-of-a-drop-in")
            let shown = ItemColumns(width: width, hasLimits: width >= 100)
            for line in [shown.heading(plain), shown.line(item, now: 0, plain)] where width >= 80 {
                #expect(columns(of: line) <= width, "\(line)")
            }
        }
    }

    @Test func lineOfEightyColumnsHasNameDropInAndTwelveDigits() {
        let item = ItemDescription(
            digest: digest,
            filename: RawName(String(repeating: "0a", count: 20) + "-Framework-13-AMD-7040-1.25.cab"),
            shareCount: 3, size: 9523, created: 0, origin: "lvfs")
        let shown = ItemColumns(width: 80, hasLimits: false)
        #expect(
            shown.heading(plain)
                == "NAME                                      SIZE  SHARED  FROM        SHA-256")
        #expect(
            shown.line(item, now: 0, plain)
                == "0a0a0a0a…-Framewo…-AMD-7040-1.25.cab   9.3 KiB       3  lvfs        "
                + digest.hex.prefix(12))
    }

    // MARK: Status

    private func properties(
        _ status: DaemonStatus = .running, _ directories: [DirectoryStatus] = [], _ troubles: [Trouble] = []
    ) -> BusProperties {
        var mirror = BusProperties.Mirror(
            itemCount: 20317, totalBytes: 5 << 30, directories: directories, troubles: troubles)
        mirror.uptime = 41 * 86400
        mirror.digestsWanted = 20309
        mirror.digestsFound = 20309
        mirror.downloads = 1204
        mirror.sentBytes = 1 << 30
        return BusProperties(
            daemonVersion: "0.2.0", name: "Passim-2ED5", uri: "https://localhost:27500/", status: status,
            downloadSaving: 2048, carbonSaving: 0.1234567, mirror: mirror)
    }

    private func directory(_ number: Int, _ state: DirectoryStatus.State = .watching) -> DirectoryStatus {
        var directory = DirectoryStatus(dropIn: "d\(number).conf", path: "/srv/\(number)", state: state)
        directory.items = number
        directory.bytes = UInt64(number) << 10
        directory.lastChange = Timestamp(seconds: 1_000_000, nanoseconds: 0)
        return directory
    }

    private func lines(_ properties: BusProperties, isWhole: Bool = false) -> [String] {
        StatusText(properties, plain, isWhole: isWhole, now: 1_018_000).lines
    }

    @Test func statusOfAMirrorThatIsWell() {
        var first = directory(1)
        first.newest = Timestamp(seconds: 1_000_000, nanoseconds: 0)
        first.newestName = "firmware-07321-stable.xml.zst"
        first.freeBytes = 1 << 30
        first.diskBytes = 4 << 30
        #expect(
            lines(properties(.running, [first, directory(2)])) == [
                "OK: 20317 files are shared, and other machines can find all of them", "",
                "Daemon    passimd 0.2.0, running for 41 d, https://localhost:27500/",
                "Shared    20317 files, 5.0 GiB", "Found     20309 of 20309 digests, as Passim-2ED5",
                "Clients   1204 downloads, 1.0 GiB since the start",
                "Saved     2.0 KiB of internet traffic, 0.123 kg CO2e",
                "Metadata  firmware-07321-stable.xml.zst, 5 h old",
                "Disk      /srv/1: 1.0 GiB free of 4.0 GiB", "",
                "DIRECTORY  STATE     FILES     SIZE  CHANGED  DROP-IN",
                "/srv/1     watching      1  1.0 KiB  5 h ago  d1.conf",
                "/srv/2     watching      2  2.0 KiB  5 h ago  d2.conf",
            ])
    }

    @Test func statusTellsWhatIsUnusualInADirectory() {
        var restless = directory(1)
        restless.notes = ["a file is rewritten again and again: it is read ever more seldom"]
        let shown = lines(properties(.running, [restless, directory(2)]))
        #expect(shown.last == "/srv/1: a file is rewritten again and again: it is read ever more seldom")
    }

    @Test func statusHasFifteenLinesHoweverMuchThereIs() {
        let troubles = (0..<9).map { number in
            Trouble(
                number == 7 ? .error : .warning, .unreadable, subject: "\(number)", "trouble \(number)",
                why: "why",
                command: "command \(number)", since: 1_018_000 - 3600 * 5)
        }
        let many = (0..<50).map { directory($0, $0 == 3 ? .missing : .watching) }
        let shown = lines(properties(.running, many, troubles))
        #expect(shown.count == 15)
        #expect(shown[0] == "ERROR: trouble 7; 8 more problems")
        #expect(shown[2] == "error    trouble 7: why (for 5 h)")
        #expect(shown[3] == "         command 7")
        #expect(shown[4] == "warning  trouble 0: why (for 5 h)")
        #expect(shown[10] == "         and 5 more: passim status --all")
        let well = lines(properties(.running, many))
        #expect(well.count == 14)
        #expect(well.last?.hasPrefix("and 46 more: passim status --all") ?? false, "\(well)")
        // The one that needs attention is among them, in the place that it has.
        #expect(well.contains { $0.hasPrefix("/srv/3 ") })
        #expect(well.contains { $0.hasPrefix("/srv/49 ") })
        let whole = lines(properties(.running, many, troubles), isWhole: true)
        #expect(whole.count { $0.hasPrefix("/srv/") } == 50)
        #expect(whole.count { $0.contains("trouble ") && $0.contains(": why") } == 9)
    }

    @Test func pathIsShortenedOnATerminal() {
        var deep = directory(1)
        deep.path = "/srv/" + String(repeating: "deep/", count: 30) + "end"
        let table = StatusText(properties(.running, [deep]), plain, width: 80, now: 1_018_000).lines.suffix(2)
        #expect(table.allSatisfy { columns(of: $0) <= 80 })
        #expect(table.last.map { $0.hasPrefix("/srv/") && $0.contains("…") && $0.contains("/end ") } ?? false)
        #expect(lines(properties(.running, [deep])).last?.hasPrefix(deep.path) ?? false)
    }

    @Test func statusWithoutAnythingSaysHowToBegin() {
        var empty = properties()
        empty.mirror!.itemCount = 0
        #expect(
            lines(empty).prefix(2) == [
                "EMPTY: no directory is shared yet", "       passim mirror add NAME DIRECTORY",
            ])
    }

    @Test func statusMovesNoTerminal() {
        var missing = directory(1, .missing)
        missing.path = "/srv/a\n\u{1B}[2J"
        let trouble = Trouble(.error, .directory, "\u{1B}[A", why: "\n", command: "rm\n-rf")
        for line in lines(properties(.running, [missing], [trouble])) {
            #expect(!line.unicodeScalars.contains { ForeignText.isHarmful($0) }, "\(line)")
        }
    }

    @Test func daemonThatDoesNotTellIsNotSaidToBeWell() {
        var older = properties()
        older.mirror = nil
        older.carbonSaving = .nan
        let text = lines(older)
        #expect(text[0].hasPrefix("WARNING: passimd 0.2.0 is older than this command"))
        var silent = properties()
        silent.mirror!.tellsTroubles = false
        #expect(lines(silent)[0].hasPrefix("WARNING: "))
    }

    // MARK: Whom to ask

    @Test(arguments: [
        ("file.bin", "file.bin"), ("a b/ü", "a%20b%2F%C3%BC"), ("?&#", "%3F%26%23"), ("~-._", "~-._"),
    ])
    func daemonIsAskedForAnothersFile(name: String, path: String) {
        #expect(
            Candidates.url(at: "https://localhost:27500/", digest, RawName(name))
                == "https://localhost:27500/\(path)?sha256=\(digest.hex)&localhost=false")
    }

    @Test func nameOfAPageIsNotAskedFor() {
        #expect(
            Candidates.url(at: "https://localhost:1", digest, RawName("style.css"))
                == "https://localhost:1/\(digest.hex)?sha256=\(digest.hex)&localhost=false")
    }
}
