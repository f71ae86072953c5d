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
        #expect(line(item) == [digest.hex, "1.5 KiB", "3", "-", "a"])
    }

    @Test func publishedFileTellsItsLimits() {
        var item = ItemDescription(
            digest: digest, filename: RawName("a"), cmdline: "fwupd", lifetime: Lifetime(), shareCount: 1,
            size: 1, created: 1_000_000 - 80_000)
        #expect(line(item) == [digest.hex, "1 B", "1/5", "106 min", "a (by fwupd)"])
        item.flags = [.disabled]
        item.lifetime = Lifetime(maxAge: 10, shareLimit: 0)
        #expect(line(item) == [digest.hex, "1 B", "1", "0 s", "a (not served now) (by fwupd)"])
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
                {"hash":"\(digest.hex)","filename":"a\\"b","size":7,"cmdline":"c","ctime":9,"max_age":86400,\
                "share_limit":5,"share_count":1,"disabled":true,"next_reboot":false}
                """)
    }

    @Test func statusTellsWhatIsWrong() {
        var scanning = DirectoryStatus(dropIn: "b.conf", path: "/srv/b", state: .scanning)
        scanning.items = 3
        scanning.bytes = 1024
        scanning.pendingFiles = 1
        scanning.pendingBytes = 3072
        scanning.secondsLeft = 300
        let missing = DirectoryStatus(dropIn: "a.conf", path: "/srv/a\n", state: .missing)
        let failed = DirectoryStatus(dropIn: "c.conf", path: "/srv/c", state: .failed("is a\u{7} tape"))
        let properties = BusProperties(
            daemonVersion: "0.2.0", name: "Passim-1A2B", uri: "https://localhost:27500/", status: .loading,
            downloadSaving: 2048, carbonSaving: 0.1234567,
            mirror: .init(itemCount: 3, totalBytes: 1024, directories: [missing, scanning, failed]))
        #expect(
            StatusText(properties, plain).lines == [
                "Status  loading", "Daemon  version 0.2.0, https://localhost:27500/", "Name    Passim-1A2B",
                "Saved   2.0 KiB, 0.123 kg CO2e", "Files   3, 1.0 KiB", "",
                "DROP-IN  DIRECTORY   STATE     FILES     SIZE",
                "a.conf   /srv/a\\x0a  missing       0      0 B  there is no such directory; it is shared when it appears",
                "b.conf   /srv/b      scanning      3  1.0 KiB  25%, 1 file to hash (3.0 KiB), 5 min left",
                "c.conf   /srv/c      failed        0      0 B  is a\\x07 tape",
            ])
        #expect([missing, scanning, failed].map(\.isFaulty) == [true, false, true])
    }

    @Test func statusOfAnOlderDaemonIsShort() {
        let properties = BusProperties(
            daemonVersion: "0.1.10", name: "", uri: "u", status: .running, downloadSaving: 0,
            carbonSaving: .nan, mirror: nil)
        #expect(
            StatusText(properties, plain).lines == [
                "Status  running", "Daemon  version 0.1.10, u", "Name", "Saved   0 B, 0.0 kg CO2e",
            ])
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
