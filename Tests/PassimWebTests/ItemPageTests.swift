import PassimCore
import Testing

@testable import PassimWeb

struct ItemPageTests {
    private func page(_ files: [ItemPage.File]) -> String {
        let page = ItemPage(
            digest: Sample.digest, files: files, port: 27500, hostName: "box", now: Sample.now,
            version: "1.2.3")
        return String(validating: page.render(), as: UTF8.self) ?? "not UTF-8"
    }

    @Test func allThatIsKnownIsTold() {
        var other = Sample.item(RawName("c"))
        other.directory = "published"
        let text = page([
            .init(item: Sample.item(RawName("sub/a b.cab")), place: "/srv/lvfs"),
            .init(item: other, place: ""),
        ])
        #expect(text.contains("<title>a b.cab – passim on box</title>"))
        #expect(text.contains("<h1><bdi>a b.cab</bdi>"))
        #expect(text.contains("<code class=\"digest\">\(Sample.digest.hex)</code>"))
        #expect(text.contains("<strong>1.5 KiB</strong>1536 bytes</dd>"))
        #expect(text.contains("<strong>0 × <span>in 24 h</span></strong>by no other machine"))
        #expect(text.contains("<bdi>/srv/lvfs/sub/a b.cab</bdi>"))
        #expect(text.contains("<bdi>c</bdi>"))
        #expect(text.contains("2 files with this content"))
        let target = "/a%20b.cab?sha256=\(Sample.digest.hex)"
        #expect(text.contains("<a href=\"\(target)\" download=\"\">Download <bdi>a b.cab</bdi>"))
        let command = "curl --insecure --remote-name &#39;https://box.local:27500\(target)&#39;"
        #expect(text.contains("<code class=\"cmd\">\(command)</code>"))
        let check = "echo &#39;\(Sample.digest.hex)  a%20b.cab&#39; | sha256sum --check"
        #expect(text.contains("<code class=\"cmd\">\(check)</code>"))
        #expect(
            text.contains("<code class=\"cmd\">passim download &#39;a b.cab&#39; \(Sample.digest.hex)</code>")
        )
        #expect(text.openElements == [])
    }

    @Test(arguments: [
        (
            Lifetime(maxAge: 3600, shareLimit: 5), "<time datetime=\"1994-11-06T09:49:37Z\">",
            "<strong>2 of 5</strong>"
        ),
        (.endless, "it is unpublished", "<strong>2</strong>"),
    ])
    func publicationIsTold(lifetime: Lifetime, deleted: String, downloads: String) {
        var page = ItemPage(
            digest: Sample.digest,
            files: [.init(item: Sample.item(RawName("c"), isPublished: true), place: "")],
            port: 27500, hostName: "box", now: Sample.now, version: "1.2.3")
        page.publication = ItemDescription(
            digest: Sample.digest, filename: RawName("c"), cmdline: "fwup<d>", lifetime: lifetime,
            shareCount: 2,
            size: 1536, created: 784_111_777)
        let text = String(decoding: page.render(), as: UTF8.self)
        #expect(text.contains("1994-11-06 08:49</time> by <bdi>fwup&lt;d&gt;</bdi>"))
        #expect(text.contains(deleted))
        #expect(text.contains("<dt>Downloads</dt>\n<dd>\(downloads)by anybody so far</dd>"))
        #expect(text.openElements == [])
    }

    @Test func useByOthersIsTold() {
        var page = ItemPage(
            digest: Sample.digest, files: [.init(item: Sample.item(RawName("c")), place: "/srv")], port: 1,
            hostName: "box", now: Sample.now)
        page.ofDay = (812, 1 << 30)
        page.downloads = 2000
        page.lastFetched = Sample.now - 150
        let text = String(decoding: page.render(), as: UTF8.self)
        #expect(text.contains("<strong>812 × <span>in 24 h</span></strong>1.0 GiB by other machines"))
        #expect(text.contains("<strong>2000</strong>by anybody so far"))
        #expect(text.contains("<strong>2 min ago</strong>by another machine"))
    }

    @Test func nameThatTriesToBeACommandIsEncoded() {
        let text = page([.init(item: Sample.item(RawName("d/'; rm -rf $(x)\n\u{202E}")), place: "<i>")])
        #expect(text.contains("27500/%27%3B%20rm%20-rf%20%24%28x%29%0A%E2%80%AE?sha256="))
        #expect(text.contains("download -- &#39;%27%3B%20rm%20-rf%20%24%28x%29%0A%E2%80%AE&#39; "))
        #expect(!text.contains("<i>"))
        #expect(!text.contains("\u{202E}"))
    }

    @Test func nameOfOneOfOurOwnFilesIsNotAskedFor() {
        let text = page([.init(item: Sample.item(RawName("style.css")), place: "/srv")])
        #expect(text.contains("<a href=\"/\(Sample.digest.hex)?sha256=\(Sample.digest.hex)\""))
    }

    @Test func fileThatIsNotServedHasNoDownload() {
        let text = page([.init(item: Sample.item(RawName("a"), flags: .disabled), place: "/srv")])
        #expect(text.contains("Not shared before the next restart"))
        #expect(!text.contains("curl"))
    }

    @Test func missingPageSaysSo() {
        let text = String(decoding: MissingPage(hostName: "box", version: "1").render(), as: UTF8.self)
        #expect(text.contains("Not found"))
        #expect(text.openElements == [])
    }
}
