import PassimCore
import PassimHTTP
import PassimTestKit
import Testing

@testable import PassimWeb

struct IndexPageTests {
    // MARK: - The verdict

    @Test func emptyPageSaysSoAndHasTheSteps() {
        let text = Sample.page { $0.usage.last = nil }
        #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(text.contains("<title>box – passim</title>"))
        #expect(text.contains("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"))
        #expect(text.contains("<link rel=\"stylesheet\" href=\"/style.css\">"))
        #expect(text.contains("<h1><bdi>box</bdi> shares nothing yet</h1>"))
        #expect(text.contains("passim 1.2.3, running for 1 d 1 h."))
        #expect(text.contains("<code class=\"cmd\">passim mirror add firmware /srv/mirror</code>"))
        #expect(
            text.contains("--add-service=passim --add-service=mdns &amp;&amp; firewall-cmd --reload</code>"))
        #expect(text.contains("<code class=\"cmd\">ufw allow 27500/tcp</code>"))
        #expect(text.contains("This must show Passim-AB12:"))
        #expect(text.contains("none is configured"))
        #expect(text.contains("no other machine has fetched anything yet"))
        #expect(text.contains("None. Programs such as fwupd may publish some"))
        // No figures, no charts of nothing.
        #expect(!text.contains("<dl") && !text.contains("Most fetched"))
        #expect(text.openElements == [])
    }

    @Test func allIsWellAtOneGlance() {
        var directory = Sample.directory()
        directory.items = 20_301
        directory.bytes = 3 << 30
        let text = Sample.page(directories: [directory], items: [Sample.item(RawName("a"))], total: 20_317) {
            page in
            page.published = (16, 1 << 29)
            page.savings = .init(bytes: 3 << 30, carbon: 0.0791)
            page.day = Activity(samples: [.init(downloads: 1204, bytes: 1 << 31)], step: 30)
            page.usage.clients = 143
            page.usage.last = (Sample.now - 65, "10.20.4.17")
        }
        #expect(text.contains("<title>✓ box – passim</title>"))
        #expect(text.contains("<div class=\"verdict good\">"))
        #expect(text.contains("<h1>All is well on <bdi>box</bdi></h1>"))
        #expect(text.contains("<p>20317 files are shared, and other machines can find all of them.</p>"))
        #expect(text.contains("<strong>20\u{202F}317 <span>files</span></strong>3.5 GiB in 1 directory</dd>"))
        #expect(text.contains("<strong>100 %</strong>20\u{202F}317 digests, as Passim-AB12</dd>"))
        #expect(text.contains("<strong>3.0 GiB</strong>of internet traffic, 0.079 kg CO₂e</dd>"))
        #expect(text.contains("<strong>143 <span>in 24 h</span></strong>1204 downloads, 2.0 GiB</dd>"))
        #expect(text.contains("<bdi>10.20.4.17</bdi> fetched a file <time"))
        #expect(text.contains(">1 min ago</time>"))
        #expect(!text.contains("class=\"problems\""))
    }

    @Test func mirrorsAndMulticastAreTold() {
        var good = MirrorStatus(name: "box:27500")
        (good.asked, good.found) = (7, 3)
        var bad = MirrorStatus(name: "<b>:1")
        bad.problem = .wrongKey
        var own = MirrorStatus(name: "own:1")
        own.isOwn = true
        let text = Sample.page { page in
            page.mirrors = [good, bad, own]
            page.isMulticast = false
        }
        #expect(text.contains("<bdi>box:27500</bdi>"))
        #expect(text.contains("3 named mirrors first"))
        #expect(text.contains("<bdi>&lt;b&gt;:1</bdi>"))
        #expect(text.contains("shows another key than its pin says"))
        #expect(text.contains("this machine, never asked"))
        #expect(text.contains("not advertised, and nobody asked, by Multicast=false"))
        #expect(text.openElements.isEmpty)
        #expect(!Sample.page().contains("named mirror"))
    }

    @Test func troublesComeFirstWithWhatToDo() {
        let text = Sample.page(items: [Sample.item(RawName("a"))]) { page in
            page.health = Sample.health(
                [
                    Trouble(
                        .error, .directory, subject: "/a", "/a<b> is missing", why: "no disk",
                        command: "mount /a", since: Sample.now - 7200),
                    Trouble(.warning, .disk, "the disk is nearly full"),
                ], files: 7)
            page.advertising.isFound = false
        }
        #expect(text.contains("<title>✗ box: 1 error and 1 warning – passim</title>"))
        #expect(text.contains("<h1><bdi>box</bdi> needs attention</h1>"))
        #expect(
            text.contains(
                "1 error and 1 warning. 7 files can be fetched by machines that know this one&#39;s address.")
        )
        #expect(
            text.contains(
                "<strong>/a&lt;b&gt; is missing</strong>: <span>no disk</span> <small>(noticed <time datetime="
            ))
        #expect(text.contains(">2 h ago</time>)</small>"))
        #expect(text.contains("<code class=\"cmd\">mount /a</code>"))
        #expect(text.contains("<svg class=\"i bad\" aria-hidden=\"true\"><use href=\"#bad\"></use></svg>"))
        // Before anything else, and once more among the checks.
        let first = text.firstRange(of: "is missing")!.lowerBound
        #expect(first < text.firstRange(of: "<dl")!.lowerBound)
        #expect(text.contains("<td>/a&lt;b&gt; is missing</td>"))
        #expect(text.contains("<td>the disk is nearly full</td>"))
        #expect(text.openElements.isEmpty)
    }

    @Test func warningsAloneAreNoReasonForAlarm() {
        let text = Sample.page { $0.health = Sample.health([Trouble(.warning, .disk, "x")], files: 1) }
        #expect(text.contains("<title>! box: 1 warning – passim</title>"))
        #expect(text.contains("<h1><bdi>box</bdi> works, with 1 warning</h1>"))
        #expect(text.contains("<div class=\"verdict warn\">"))
    }

    @Test func firstScanTellsHowFarItIs() {
        var scanning = Sample.directory(.scanning)
        scanning.items = 3
        scanning.bytes = 300
        scanning.pendingFiles = 7
        scanning.pendingBytes = 700
        let text = Sample.page(items: [Sample.item(RawName("a"))]) { page in
            page.health = Sample.health(
                status: .loading, directories: [scanning], files: 3, wanted: 4, found: 3)
        }
        #expect(text.contains("<title>30 % box – passim</title>"))
        #expect(text.contains("<h1>First scan of <bdi>box</bdi>: 30 % done</h1>"))
        #expect(text.contains("<p>30 %; 3 of 10 files can be fetched already.</p>"))
        #expect(text.contains("300 B of 1000 B hashed, in 1 directory"))
        #expect(text.contains("<strong>75 %</strong>3 of 4 digests, as Passim-AB12</dd>"))
        #expect(text.contains("every file so far"))
    }

    @Test func nobodyFindsWhatIsNotAdvertised() {
        let text = Sample.page(items: [Sample.item(RawName("a"))]) { page in
            page.advertising = .init(state: "the name is being registered")
        }
        #expect(text.contains("<strong>0 %</strong>none of 1 digest</dd>"))
        #expect(text.contains("the name is being registered"))
    }

    @Test func shareThatIsNotAllIsLessThanAll() {
        let text = Sample.page(items: [Sample.item(RawName("a"))]) { page in
            page.health = Sample.health(files: 100_000, wanted: 100_000, found: 99_999)
        }
        #expect(text.contains("<strong>99 %</strong>99\u{202F}999 of 100\u{202F}000 digests"))
    }

    // MARK: - Checks

    @Test func checksSayWhatWasFound() {
        var directory = Sample.directory()
        directory.newest = Timestamp(seconds: Sample.now - 18_000, nanoseconds: 0)
        directory.newestName = "firmware.xml.zst"
        func page(_ change: (inout IndexPage) -> Void = { _ in }) -> String {
            Sample.page(directories: [directory], items: [Sample.item(RawName("a"))]) { page in
                page.disks = [
                    .init(path: "/srv/a", freeBytes: 1 << 40, bytes: 1 << 41),
                    .init(path: "/srv/b", freeBytes: 1 << 30, bytes: 1 << 33),
                ]
                page.certificate = .init(end: 2_109_600_000, isMade: true)
                change(&page)
            }
        }
        #expect(page().contains("<bdi>/srv/b</bdi> has 1.0 GiB free of 8.0 GiB"))
        #expect(page().contains("made by passimd, until November 2036"))
        #expect(page().contains("<bdi>firmware.xml.zst</bdi>, <time"))
        #expect(page().contains(">5 h ago</time>; no StaleAfter= says when it is too old"))
        let watched = page { $0.watchedForAge = ["lvfs.conf"] }
        #expect(watched.contains(">5 h ago</time></td>"))
        // A directory of which nobody wants to know does not stand before one that is watched.
        var other = Sample.directory(path: "/srv/other")
        other.dropIn = "other.conf"
        other.newest = Timestamp(seconds: Sample.now, nanoseconds: 0)
        other.newestName = "new"
        let both = page { page in
            page.watchedForAge = ["lvfs.conf"]
            page.health.directories = [directory, other]
        }
        #expect(both.contains("<bdi>firmware.xml.zst</bdi>, <time") && both.contains(">5 h ago</time></td>"))
    }

    // MARK: - Who uses it

    @Test func filesAndClientsAreRanked() {
        let text = Sample.page(items: [Sample.item(RawName("a"))]) { page in
            page.usage.clients = 7
            page.usage.last = (Sample.now, "10.20.0.3")
            page.usage.topFiles = [
                .init(digest: Sample.digest, name: RawName("d/one.cab"), downloads: 812),
                .init(digest: Digest(of: "x"), name: .empty, downloads: 203),
            ]
            page.usage.topClients = [.init(name: "10.20.0.3", bytes: 1 << 30)]
        }
        #expect(
            text.contains("<a href=\"/items/\(Sample.digest.hex)\"><bdi>one.cab</bdi></a><span>812 ×</span>"))
        #expect(text.contains("<bdi>\(Digest(of: "x").hex.prefix(8))…</bdi></a><span>203 ×</span>"))
        #expect(text.contains("<rect width=\"25\" height=\"1\">"))
        #expect(text.contains("<bdi>10.20.0.3</bdi></span><span>1.0 GiB</span>"))
        #expect(text.contains("24 h, 7 in all"))
        let hidden = Sample.page(items: [Sample.item(RawName("a"))]) { page in
            page.usage.clients = 7
            page.usage.last = (Sample.now, "")
        }
        #expect(hidden.contains("LogClients=none: they are counted only"))
    }

    @Test func neighboursAreListedWithTheirAddresses() {
        let four = Peer(address: IPAddress(ipv4: 0xC0A8_0105), port: 27500)
        let six = Peer(address: IPAddress("fe80::1")!, port: 1)
        let text = Sample.page { page in
            page.neighbours = .init(
                found: [
                    Neighbour(name: "Passim-0001", host: "alpha.local", peer: four),
                    Neighbour(name: "Passim-0001", host: "alpha.local", peer: six),
                    Neighbour(name: "<b>", host: "", peer: six),
                ], isComplete: false)
        }
        #expect(text.contains("2 other machines on this network share files"))
        #expect(text.contains("<a href=\"#peers\">2 other machines</a>"))
        #expect(text.contains("<bdi>Passim-0001</bdi>"))
        #expect(text.contains("192.168.1.5:27500"))
        #expect(text.contains("[fe80::1]:1"))
        #expect(text.contains("&lt;b&gt;"))
        #expect(text.contains("more may answer"))
    }

    @Test func instructionsNameThisMachineAsOthersFindIt() {
        let text = Sample.page(items: [Sample.item(RawName("a"))]) { $0.port = 4433 }
        #expect(text.contains("https://box.local:4433/NAME?sha256=SHA256"))
        #expect(text.contains("<details id=\"use\" open=\"\">"))
        #expect(text.contains("--add-port=4433/tcp"))
        let used = Sample.page(hostName: "box.example.org", items: [Sample.item(RawName("a"))]) { page in
            page.usage.last = (Sample.now, "")
        }
        #expect(used.contains("https://box.example.org:27500/NAME"))
        #expect(used.contains("<details id=\"use\">"))
        #expect(used.contains("another machine fetched a file <time"))
    }

    @Test func readersAreTold() {
        #expect(
            Sample.page().contains("This page is for this machine only; PageAllow= in passim.conf opens it."))
        #expect(
            Sample.page { $0.isOpen = true }.contains("This page is for this machine and those of PageAllow=")
        )
    }

    // MARK: - Directories

    @Test func directoryTellsWhenItChangedAndHowFarItIs() {
        var scanning = Sample.directory(.scanning)
        scanning.bytes = 1 << 20
        scanning.pendingFiles = 3
        scanning.pendingBytes = 3 << 20
        scanning.secondsLeft = 90
        scanning.lastChange = Timestamp(seconds: 784_111_777, nanoseconds: 5)
        let text = Sample.page(directories: [
            scanning, Sample.directory(.polling), Sample.directory(.watching),
        ])
        #expect(text.contains(">scanning<small>25 % hashed, about 1 min left</small>"))
        #expect(text.contains("<small>3 files to hash, 3.0 MiB</small>"))
        #expect(
            text.contains("<time datetime=\"1994-11-06T08:49:37Z\" title=\"1994-11-06 08:49 UTC\">60 min ago")
        )
        #expect(text.contains("<td class=\"warn\">polling<small>not all of it can be watched</small></td>"))
        #expect(text.contains("<td class=\"plain\">watching</td>"))
    }

    @Test func directoriesSayTheirStateAndProgress() {
        var scanning = Sample.directory(.scanning)
        scanning.bytes = 300
        scanning.items = 3
        scanning.pendingFiles = 7
        scanning.pendingBytes = 700
        scanning.unreadable = 2
        let text = Sample.page(directories: [scanning, Sample.directory(.missing, path: "/gone")])
        #expect(text.contains("<small>2 unreadable</small>"))
        #expect(text.contains("<progress max=\"100\" value=\"30\" aria-label=\"hashed\">30 %</progress>"))
        #expect(
            text.contains(
                "<td class=\"bad\">missing<small>the directory is not there, or its disk not mounted</small>")
        )
        #expect(text.contains("300 B in 1 of 2 directories"))
        #expect(text.pieces(separatedBy: "<progress") == 2)
    }

    // MARK: - Files

    @Test func fileLeadsToThePageAboutIt() {
        let text = Sample.page(items: [Sample.item(RawName("sub dir/a b.cab"))])
        #expect(text.contains("<a href=\"/items/\(Sample.digest.hex)\"><bdi>sub dir/a b.cab</bdi>"))
        #expect(text.contains("<td class=\"n\">1.5 KiB</td>"))
        #expect(text.contains("<time datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49</time>"))
        #expect(text.contains("<small>1 file</small>"))
        // With one directory only it needs no column.
        #expect(!text.contains("data-label=\"from\""))
    }

    @Test func digestBeforeANameIsShortened() {
        let digits = String(repeating: "ab", count: 32)
        for (name, shown) in [
            ("d/\(digits)-x.cab", "d/abababab…-x.cab"), ("\(digits.prefix(40))-x.cab", "abababab…-x.cab"),
            ("\(digits.prefix(39))-x.cab", "\(digits.prefix(39))-x.cab"), (digits, digits),
            ("\(digits)x", "\(digits)x"),
        ] {
            #expect(RawName(name).shortened == RawName(shown))
        }
    }

    @Test func disabledFileSaysSo() {
        let text = Sample.page(items: [Sample.item(RawName("a.cab"), flags: .disabled)])
        #expect(text.contains("(not served now)"))
    }

    // MARK: - Names that nobody of us has chosen

    @Test func everyValueIsEscaped() {
        let evil = "\"><script>'&\u{1}"
        let escaped = "&quot;&gt;&lt;script&gt;&#39;&amp;\\u0001"
        var broken = Sample.directory(.failed(evil), path: evil)
        broken.dropIn = evil
        var item = Sample.item(RawName("d/" + evil))
        item.directory = evil
        let text = Sample.page(hostName: evil, directories: [broken], items: [item]) { page in
            page.published.files = 1
            page.advertising = .init(name: evil, state: evil, isFound: true)
            page.usage.topFiles = [.init(digest: Sample.digest, name: RawName(evil), downloads: 1)]
            page.usage.topClients = [.init(name: evil, bytes: 1)]
            page.usage.last = (Sample.now, evil)
            page.disks = [.init(path: evil, freeBytes: 1, bytes: 2)]
            page.neighbours = .init(
                found: [Neighbour(name: evil, host: evil, peer: Peer(address: IPAddress(ipv4: 1), port: 1))],
                isComplete: true)
        }
        #expect(!text.contains("<script"))
        // Title, brand, heading, service (twice), its state, curl's command, path, drop-in, reason, choice of the
        // directory (value, path and drop-in), the most fetched, client (twice), disk, neighbour (twice), file name and
        // its directory.
        #expect(text.pieces(separatedBy: escaped) == 22)
        let searched = Sample.page(hostName: evil, directories: [broken], items: [item]) { page in
            page.query.search = evil
            page.query.directory = evil
            page.health = Sample.health([Trouble(.error, .other, evil, why: evil, command: evil)])
        }
        #expect(!searched.contains("<script"))
        #expect(searched.contains("q=%22%3E%3Cscript%3E%27%26%01&amp;directory="))
        let troubled = Sample.page { page in
            page.health = Sample.health([Trouble(.error, .other, evil, why: evil, command: evil)])
        }
        #expect(!troubled.contains("<script"))
        #expect(troubled.pieces(separatedBy: escaped) == 5)
    }

    @Test func nameThatIsNotUTF8IsShownReplaced() {
        let text = Sample.page(items: [Sample.item(RawName(bytes: [0x61, 0xFF, 0x62]))])
        #expect(text.contains("<bdi>a\u{FFFD}b</bdi>"))
    }

    @Test func nameCannotTurnRoundItsEnding() {
        let text = Sample.page(items: [Sample.item(RawName("a\u{202E}bac.exe\u{2066}"))])
        #expect(text.contains("<bdi>a\\u202ebac.exe\\u2066</bdi>"))
    }

    // MARK: - Search, order, pages

    private func many(_ count: Int) -> [ListedItem] {
        (0..<count).map { Sample.item(RawName("file-\($0)")) }
    }

    @Test func pagesLeadToEachOther() {
        let text = Sample.page(items: many(50), found: 123_456, total: 200_000) { page in
            page.query.search = "file"
            page.query.sort = .biggest
            page.query.page = 3
        }
        #expect(text.contains("123\u{202F}456 of 200\u{202F}000 files"))
        #expect(text.contains("Files 101 to 150 of 123\u{202F}456, biggest first"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size#files\">First</a>"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size&amp;page=2#files\">Previous</a>"))
        #expect(text.contains("<span aria-current=\"page\">Page 3 of 2470</span>"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size&amp;page=4#files\">Next</a>"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size&amp;page=2470#files\">Last</a>"))
        #expect(text.contains("<input type=\"hidden\" name=\"sort\" value=\"-size\">"))
        #expect(
            text.contains(
                "aria-sort=\"descending\" class=\"n\"><a href=\"/?q=file&amp;sort=size#files\">Size</a>"))
    }

    @Test func onePageHasNoLinksToOthers() {
        #expect(!Sample.page(items: many(3)).contains("Pages of files"))
    }

    @Test func pageBehindTheLastLeadsBack() {
        let text = Sample.page(items: [], found: 75, total: 75) { $0.query.page = 9 }
        #expect(text.contains("<a href=\"/?page=2#files\">Previous</a>"))
        #expect(text.contains("<a href=\"/?page=2#files\">Last</a>"))
        #expect(text.contains("<span class=\"quiet\">Next</span>"))
    }

    @Test func nothingFoundSaysSo() {
        let text = Sample.page(items: [], found: 0, total: 5) { $0.query.search = "x" }
        #expect(text.contains("No file is like that."))
        #expect(text.contains("<small>0 of 5 files</small>"))
        #expect(text.contains("value=\"x\""))
        #expect(text.contains("<a class=\"button\" href=\"/#files\">Clear</a>"))
        // All else is one line.
        #expect(text.contains("<p class=\"strip\">") && !text.contains("class=\"hero\""))
        #expect(text.contains("<h1 id=\"files\">Files of box</h1>"))
    }

    @Test func directoriesCanBeChosenWhereThereAreSeveral() {
        var other = Sample.directory(path: "/srv/other")
        other.dropIn = "other.conf"
        let text = Sample.page(directories: [Sample.directory(), other], items: many(1)) { page in
            page.query.directory = "other.conf"
        }
        #expect(text.contains("<option value=\"other.conf\" selected=\"\">/srv/other (other.conf)</option>"))
        #expect(text.contains("<td data-label=\"from\"><bdi>lvfs.conf</bdi>"))
        #expect(!text.contains("published files"))
    }

    // MARK: - The whole

    private var everything: String {
        Sample.page(
            directories: [Sample.directory(), Sample.directory(.missing)],
            items: [Sample.item(RawName("a")), Sample.item(RawName("b"), flags: .disabled)], found: 500,
            total: 500
        ) { page in
            page.published = (1, 2)
            page.hour = Activity(samples: Array(repeating: .init(downloads: 1, bytes: 2), count: 60), step: 1)
            page.day = Activity(samples: Array(repeating: .init(misses: 3), count: 48), step: 30)
            page.usage.topClients = [.init(name: "c", bytes: 1)]
            page.usage.topFiles = [.init(digest: Sample.digest, name: RawName("f"), downloads: 1)]
            page.certificate = .init(end: 1, isMade: false)
            page.disks = [.init(path: "/", freeBytes: 1, bytes: 2)]
            page.health.troubles = [Trouble(.error, .discovery, "a", why: "b", command: "c", since: 1)]
            page.neighbours = .init(
                found: [
                    Neighbour(name: "n", host: "h", peer: Peer(address: IPAddress(ipv4: 1), port: 1))
                ],
                isComplete: true)
        }
    }

    @Test func elementsAreNestedAndClosed() {
        #expect(everything.openElements == [])
    }

    @Test func tablesHaveCaptionsAndScopes() {
        let text = everything
        #expect(text.pieces(separatedBy: "<caption ") == text.pieces(separatedBy: "<table "))
        #expect(text.pieces(separatedBy: "<th ") == text.pieces(separatedBy: "<th scope="))
        #expect(!text.contains("<th>"))
    }

    @Test func everyFieldHasItsLabel() {
        let text = everything
        for name in ["q", "directory", "sort", "page"] {
            #expect(text.contains("<label for=\"\(name)\">"))
            #expect(text.contains("id=\"\(name)\""))
        }
    }

    @Test func numbersOfElementsAreUnique() {
        var rest = everything[...]
        var seen = Set<Substring>()
        while let start = rest.firstRange(of: " id=\"") {
            rest = rest[start.upperBound...]
            #expect(seen.insert(rest.prefix { $0 != "\"" }).inserted)
        }
        #expect(seen.count >= 15)
    }

    @Test func nothingOnThePageNeedsMoreThanThePolicyAllows() {
        for forbidden in ["<script", "<style", " style=", " onload", "<base", "http:", "src=", "data:"] {
            #expect(!everything.contains(forbidden), "\(forbidden)")
        }
        // Only in the command for other machines.
        #expect(everything.pieces(separatedBy: "https:") == 2)
        let fields = "\(WebPage.fields)"
        #expect(fields.hasPrefix("Content-Security-Policy: default-src 'none'; style-src 'self'; "))
        #expect(fields.contains("; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"))
        #expect(fields.hasSuffix("\r\n"))
    }
}
