import PassimCore
import PassimHTTP
import Testing

@testable import PassimWeb

struct IndexPageTests {
    private let digest = Digest(hex: String(repeating: "0123456789abcdef", count: 4))!

    private func item(_ path: RawName, size: UInt64 = 1536, flags: ItemFlags = []) -> Item {
        let moment = Timestamp(seconds: 784_111_777, nanoseconds: 0)
        let entry = Entry(
            id: EntryID(1), digest: digest,
            identity: FileIdentity(device: 1, inode: 2, size: size, modified: moment, changed: moment),
            origin: OriginID(1), directory: DirectoryID(1), flags: flags)
        return Item(entry: entry, path: path)
    }

    private func directory(_ state: DirectoryStatus.State = .watching, path: String = "/srv/lvfs")
        -> DirectoryStatus
    {
        DirectoryStatus(dropIn: "lvfs.conf", path: path, state: state)
    }

    private func page(
        hostName: String = "box", directories: [DirectoryStatus] = [], items: [Item] = [], total: Int? = nil
    ) -> String {
        let page = IndexPage(
            hostName: hostName, version: "1.2.3", status: .loading, uptime: 90061, directories: directories,
            items: Page(items: items, total: total ?? items.count))
        return String(validating: page.render(), as: UTF8.self) ?? "not UTF-8"
    }

    @Test func emptyPageSaysSo() {
        let text = page()
        #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
        #expect(text.contains("<title>passim on box</title>"))
        #expect(text.contains("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"))
        #expect(text.contains("<link rel=\"stylesheet\" href=\"/style.css\">"))
        #expect(text.contains("<dd>loading</dd>"))
        #expect(text.contains("<dd>1 d 1 h</dd>"))
        #expect(text.contains("passim 1.2.3"))
        #expect(text.contains("No directory is configured."))
        #expect(text.contains("No file is shared."))
        #expect(!text.contains("<table>"))
    }

    @Test func fileIsLinkedByItsDigest() {
        let text = page(items: [item(RawName("sub dir/a b.cab"))])
        #expect(text.contains("<a href=\"/a%20b.cab?sha256=\(digest.hex)\"><bdi>sub dir/a b.cab</bdi>"))
        #expect(text.contains("<td class=\"number\">1.5 KiB</td>"))
        #expect(text.contains("<time datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49 UTC</time>"))
        #expect(text.contains("1 file is shared."))
    }

    @Test func directoryTellsWhenItChangedAndHowFarItIs() {
        var scanning = directory(.scanning)
        scanning.bytes = 1 << 20
        scanning.pendingFiles = 3
        scanning.pendingBytes = 3 << 20
        scanning.secondsLeft = 90
        scanning.lastChange = Timestamp(seconds: 784_111_777, nanoseconds: 5)
        let text = page(directories: [scanning, directory(.polling), directory(.watching)])
        #expect(text.contains("<td>scanning, 25 %, 3 to hash (3.0 MiB), about 1 min 30 s left</td>"))
        #expect(text.contains("<td><time datetime=\"1994-11-06T08:49:37Z\">1994-11-06 08:49 UTC</time>"))
        #expect(text.contains("<td>polling: not all of it can be watched</td>"))
        #expect(text.contains("<td>watching</td>"))
    }

    @Test func disabledFileIsNotLinked() {
        let text = page(items: [item(RawName("a.cab"), flags: .disabled)])
        #expect(!text.contains("<a "))
        #expect(text.contains("not served now"))
    }

    @Test func everyValueIsEscaped() {
        let evil = "\"><script>'&\u{1}"
        let escaped = "&quot;&gt;&lt;script&gt;&#39;&amp;\u{FFFD}"
        var broken = directory(.failed(evil), path: evil)
        broken.dropIn = evil
        let text = page(hostName: evil, directories: [broken], items: [item(RawName("d/" + evil))])
        #expect(!text.contains("<script"))
        // Title, heading, path, drop-in, reason, file name.
        #expect(text.components(separatedBy: escaped) == 7)
        #expect(text.contains("href=\"/%22%3E%3Cscript%3E%27%26%01?sha256="))
    }

    @Test func nameThatIsNotUTF8IsShownReplacedAndLinkedExactly() {
        let text = page(items: [item(RawName(bytes: [0x61, 0xFF, 0x62]))])
        #expect(text.contains("<a href=\"/a%FFb?sha256="))
        #expect(text.contains("<bdi>a\u{FFFD}b</bdi>"))
    }

    @Test func moreItemsThanTheLimitAreCountedNotShown() {
        let many = (0..<IndexPage.itemLimit + 5).map { item(RawName("file-\($0)")) }
        let text = page(items: many, total: 123_456)
        #expect(text.contains("123456 files are shared; the first 1000 are shown."))
        #expect(text.contains("file-999<"))
        #expect(!text.contains("file-1000<"))
    }

    @Test func directoriesSayTheirStateAndProgress() {
        var scanning = directory(.scanning)
        scanning.bytes = 300
        scanning.items = 3
        scanning.pendingFiles = 7
        scanning.pendingBytes = 700
        scanning.unreadable = 2
        let text = page(directories: [scanning, directory(.missing, path: "/gone")])
        #expect(text.contains("<td>scanning, 30 %, 7 to hash (700 B), 2 unreadable</td>"))
        #expect(text.contains("<progress max=\"100\" value=\"30\" aria-label=\"hashed\">30 %</progress>"))
        #expect(text.contains("<td>missing: the directory is not there, or its disk not mounted</td>"))
        #expect(text.components(separatedBy: "<progress") == 2)
    }

    @Test func elementsAreNestedAndClosed() {
        let text = page(
            directories: [directory(), directory(.missing)],
            items: [item(RawName("a")), item(RawName("b"), flags: .disabled)])
        var open = [String]()
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "<"), let end = rest[start...].firstIndex(of: ">") {
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            let name = String(tag.prefix { $0 != " " })
            if name.hasPrefix("/") {
                #expect(open.popLast() == String(name.dropFirst()))
            } else if !["!DOCTYPE", "meta", "link"].contains(name) {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
    }

    @Test func tablesHaveCaptionsAndScopes() {
        let text = page(directories: [directory()], items: [item(RawName("a"))])
        #expect(text.components(separatedBy: "<caption>") == 3)
        #expect(text.components(separatedBy: "<th ") == text.components(separatedBy: "<th scope="))
        #expect(!text.contains("<th>"))
    }

    @Test func nothingOnThePageNeedsMoreThanThePolicyAllows() {
        let text = page(directories: [directory()], items: [item(RawName("a"))])
        for forbidden in ["<script", "<style", "style=", "onload", "<form", "<base", "http:", "https:"] {
            #expect(!text.contains(forbidden))
        }
        let policy = IndexPage.contentSecurityPolicy.description
        #expect(policy.hasPrefix("default-src 'none'; style-src 'self'; img-src 'self'; "))
        #expect(policy.hasSuffix("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"))
    }
}

extension String {
    /// How many pieces `separator` cuts the text into.
    fileprivate func components(separatedBy separator: String) -> Int {
        var rest = Substring(self)
        var count = 1
        while let found = rest.firstRange(of: separator) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
