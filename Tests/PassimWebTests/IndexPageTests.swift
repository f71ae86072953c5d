import PassimCore
import PassimHTTP
import PassimTestKit
import Testing

@testable import PassimWeb

struct IndexPageTests {
    @Test func emptyPageSaysSo() {
        let text = Sample.page(items: [])
        #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(text.contains("<title>passim on box</title>"))
        #expect(text.contains("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"))
        #expect(text.contains("<link rel=\"stylesheet\" href=\"/style.css\">"))
        #expect(text.contains("<dd>loading</dd>"))
        #expect(text.contains("<dd>1 d 1 h</dd>"))
        #expect(text.contains("passim 1.2.3"))
        #expect(text.contains("No directory is configured."))
        #expect(text.contains("No file is shared."))
        #expect(text.contains("nothing yet: no file has been sent"))
        #expect(text.contains("The network cannot be asked"))
    }

    @Test func troublesComeWithWhatToDo() {
        let text = Sample.page { page in
            page.health = Health(
                status: .running,
                troubles: [
                    Trouble(
                        .error, .directory, subject: "/a", "/a<b> is missing", why: "no disk",
                        command: "mount /a")
                ],
                directories: [], files: 0, wanted: 0, found: 0)
        }
        #expect(text.contains("<dt>Verdict</dt>"))
        #expect(text.contains("ERROR: /a&lt;b&gt; is missing"))
        #expect(text.contains("/a&lt;b&gt; is missing: no disk</th>"))
        #expect(text.contains("<code class=\"copied\">mount /a</code>"))
        #expect(text.openElements.isEmpty)
        #expect(!Sample.page().contains("Troubles"))
    }

    @Test func fileLeadsToThePageAboutIt() {
        let text = Sample.page(items: [Sample.item(RawName("sub dir/a b.cab"))])
        #expect(text.contains("<a href=\"/items/\(Sample.digest.hex)\"><bdi>sub dir/a b.cab</bdi>"))
        #expect(text.contains("<td class=\"number\" data-label=\"Size\">1.5 KiB</td>"))
        #expect(text.contains("<time datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49 UTC</time>"))
        #expect(text.contains("1 file is shared."))
        // With one directory only it needs no column.
        #expect(!text.contains("data-label=\"Directory\""))
    }

    @Test func savingsAndServiceAreTold() {
        let text = Sample.page { page in
            page.savings = .init(bytes: 3 << 30, carbon: 0.0791)
            page.advertising = .init(name: "Passim-AB12", state: "12 of 12 digests are advertised")
        }
        #expect(text.contains("3.0 GiB not fetched from the internet, 0.079 kg CO₂e"))
        #expect(text.contains("<bdi>Passim-AB12</bdi>: 12 of 12 digests are advertised"))
    }

    @Test func neighboursAreListedWithTheirAddresses() {
        let four = Peer(address: IPAddress(ipv4: 0xC0A8_0105), port: 27500)
        let six = Peer(address: IPAddress("fe80::1")!, port: 1)
        let text = Sample.page { page in
            page.neighbours = .init(
                found: [
                    Neighbour(name: "Passim-0001", host: "alpha.local", peer: four),
                    Neighbour(name: "<b>", host: "", peer: six),
                ], isComplete: false)
        }
        #expect(text.contains("<bdi>Passim-0001</bdi>"))
        #expect(text.contains("192.168.1.5:27500"))
        #expect(text.contains("[fe80::1]:1"))
        #expect(text.contains("&lt;b&gt;"))
        #expect(text.contains("More may answer"))
    }

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
        #expect(text.contains(">scanning, 25 %, 3 to hash (3.0 MiB), about 1 min 30 s left</td>"))
        #expect(text.contains("Last change\"><time datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49 UTC"))
        #expect(text.contains(">polling: not all of it can be watched</td>"))
        #expect(text.contains(">watching</td>"))
    }

    @Test func directoriesSayTheirStateAndProgress() {
        var scanning = Sample.directory(.scanning)
        scanning.bytes = 300
        scanning.items = 3
        scanning.pendingFiles = 7
        scanning.pendingBytes = 700
        scanning.unreadable = 2
        let text = Sample.page(directories: [scanning, Sample.directory(.missing, path: "/gone")])
        #expect(text.contains(">scanning, 30 %, 7 to hash (700 B), 2 unreadable</td>"))
        #expect(text.contains("<progress max=\"100\" value=\"30\" aria-label=\"hashed\">30 %</progress>"))
        #expect(text.contains(">missing: the directory is not there, or its disk not mounted</td>"))
        #expect(text.contains("<tr class=\"broken\">"))
        #expect(text.pieces(separatedBy: "<progress") == 2)
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
            page.query.search = evil
            page.query.directory = evil
            page.published.files = 1
            page.advertising.name = evil
        }
        #expect(!text.contains("<script"))
        // Title, heading, service, path, drop-in, reason, search, choice of the directory (value, path and drop-in),
        // file name and its directory.
        #expect(text.pieces(separatedBy: escaped) == 13)
        #expect(text.contains("q=%22%3E%3Cscript%3E%27%26%01&amp;directory="))
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
        let text = Sample.page(items: many(100), found: 123_456, total: 200_000) { page in
            page.query.search = "file"
            page.query.sort = .sizeDescending
            page.query.page = 3
        }
        #expect(text.contains("123\u{202F}456 found. 200\u{202F}000 files are shared."))
        #expect(text.contains("Files 201 to 300 of 123\u{202F}456, biggest first"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size#files\">First</a>"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size&amp;page=2#files\">Previous</a>"))
        #expect(text.contains("<span aria-current=\"page\">Page 3 of 1235</span>"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size&amp;page=4#files\">Next</a>"))
        #expect(text.contains("<a href=\"/?q=file&amp;sort=-size&amp;page=1235#files\">Last</a>"))
        #expect(text.contains("<input type=\"hidden\" name=\"sort\" value=\"-size\">"))
        #expect(text.contains("aria-sort=\"descending\"><a href=\"/?q=file&amp;sort=size#files\">Size</a>"))
    }

    @Test func onePageHasNoLinksToOthers() {
        #expect(!Sample.page(items: many(3)).contains("<nav"))
    }

    @Test func pageBehindTheLastLeadsBack() {
        let text = Sample.page(items: [], found: 150, total: 150) { $0.query.page = 9 }
        #expect(text.contains("<a href=\"/?page=2#files\">Previous</a>"))
        #expect(text.contains("<a href=\"/?page=2#files\">Last</a>"))
        #expect(text.contains("<span class=\"quiet\">Next</span>"))
    }

    @Test func nothingFoundSaysSo() {
        let text = Sample.page(items: [], found: 0, total: 5) { $0.query.search = "x" }
        #expect(text.contains("None of them is what you look for. 5 files are shared."))
        #expect(text.contains("value=\"x\""))
        #expect(text.contains("Show all"))
    }

    @Test func directoriesCanBeChosenWhereThereAreSeveral() {
        var other = Sample.directory(path: "/srv/other")
        other.dropIn = "other.conf"
        let text = Sample.page(directories: [Sample.directory(), other], items: many(1)) { page in
            page.query.directory = "other.conf"
        }
        #expect(text.contains("<option value=\"other.conf\" selected=\"\">/srv/other (other.conf)</option>"))
        #expect(text.contains("<td data-label=\"Directory\"><bdi>lvfs.conf</bdi>"))
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
            page.hour = Activity(samples: Array(repeating: .init(requests: 1, bytes: 2), count: 60), step: 1)
            page.day = Activity(samples: Array(repeating: .init(misses: 3), count: 96), step: 15)
            page.neighbours = .init(
                found: [
                    Neighbour(name: "n", host: "h", peer: Peer(address: IPAddress(ipv4: 1), port: 1))
                ],
                isComplete: true)
            page.query.page = 2
        }
    }

    @Test func elementsAreNestedAndClosed() {
        #expect(everything.openElements == [])
    }

    @Test func tablesHaveCaptionsAndScopes() {
        let text = everything
        #expect(text.pieces(separatedBy: "<caption>") == text.pieces(separatedBy: "<table>"))
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
        #expect(seen.count >= 9)
    }

    @Test func nothingOnThePageNeedsMoreThanThePolicyAllows() {
        for forbidden in ["<script", "<style", " style=", " onload", "<base", "http:", "https:"] {
            #expect(!everything.contains(forbidden))
        }
        let fields = "\(WebPage.fields)"
        #expect(fields.hasPrefix("Content-Security-Policy: default-src 'none'; style-src 'self'; "))
        #expect(fields.contains("; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"))
        #expect(fields.hasSuffix("\r\n"))
    }
}
