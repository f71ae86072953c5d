import PassimBus
import PassimCore
import PassimTestKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct ServiceTests {
    @Test func propertiesAreThereForAll() async throws {
        let fixture = try await Fixture.make()
        let expected = [
            "CarbonSaving=26.5", "DaemonVersion=0.9", "DownloadSaving=\(1 << 40)", "Name=Passim-0A1B",
            "Status=1", "Uri=https://localhost:27500/",
        ]
        #expect(try await fixture.client.run("properties").lines == expected)
        #expect(try await fixture.nobody.run("properties").lines == expected)
        let version = try await fixture.bus.call(
            "org.freedesktop.DBus.Properties.Get", "org.freedesktop.Passim", "DaemonVersion")
        #expect(version.text == "(<'0.9'>,)\n")
        let count = try await fixture.bus.busctl(
            "get-property", "org.freedesktop.Passim", "/", "org.freedesktop.Passim.Mirror", "ItemCount",
            "TotalBytes", user: DaemonSite.unprivileged)
        #expect(count.text == "t 3\nt \(5 << 32)\n")
        for (method, arguments) in [
            ("Get", "('org.freedesktop.Passim', 'Nothing')"), ("GetAll", "('a.b',)"),
        ] {
            let answer = try await fixture.client.run(
                "call", "org.freedesktop.DBus.Properties", method, arguments)
            #expect(answer.error == Fixture.invalidArguments, "\(method)")
        }
        let written = try await fixture.client.run(
            "call", "org.freedesktop.DBus.Properties", "Set",
            "('org.freedesktop.Passim', 'Status', <uint32 3>)")
        #expect(written.error == Fixture.invalidArguments)
    }

    @Test func objectDescribesItself() async throws {
        let fixture = try await Fixture.make()
        let outcome = try await fixture.bus.busctl(
            "introspect", "org.freedesktop.Passim", "/", user: DaemonSite.unprivileged)
        let lines = outcome.text.split(separator: "\n").map { $0.split(separator: " ") }
        func has(_ words: String...) -> Bool {
            lines.contains { line in words.allSatisfy { word in line.contains { $0 == word } } }
        }
        for name in ["org.freedesktop.Passim", "org.freedesktop.Passim.Mirror"] {
            #expect(has(name, "interface"))
        }
        #expect(has(".GetItems", "method", "-", "aa{sv}") && has(".Publish", "method", "ha{sv}"))
        #expect(has(".Unpublish", "method", "s") && has(".Changed", "signal"))
        #expect(has(".DaemonVersion", "s", "const") && has(".Status", "u", "emits-change"))
        #expect(has(".DownloadSaving", "t") && has(".CarbonSaving", "d"))
        #expect(has(".ListItems", "method", "tus", "aa{sv}t") && has(".FindPeers", "s", "as"))
        #expect(has(".ReportPeer", "ss") && has(".Rescan", "method") && has(".Directories", "aa{sv}"))
        let peer = try await fixture.bus.call("org.freedesktop.DBus.Peer.Ping")
        #expect(peer.text == "()\n")
        let unknown = try await fixture.client.run("call", "org.freedesktop.Passim", "Nothing")
        #expect(unknown.error == "org.freedesktop.DBus.Error.UnknownMethod")
    }

    @Test func itemsHaveWhatIsNotZero() async throws {
        let fixture = try await Fixture.make()
        let published = ItemDescription(
            digest: TestBusObject.digest, filename: RawName("firmware ü.cab"), cmdline: "fwupd",
            lifetime: Lifetime(maxAge: 60, shareLimit: 7), shareCount: 3, size: 1 << 40,
            flags: [.disabled, .nextReboot], created: -5)
        let empty = ItemDescription(
            digest: Digest(words: (0, 0, 0, 0)), filename: RawName("e"),
            lifetime: Lifetime(maxAge: 0, shareLimit: 0), size: 0, created: 0)
        let raw = ItemDescription(name: RawName(bytes: [0x61, 0xFF, 0x09, 0x62]), number: 9)
        fixture.object.state.withLock { $0.items = [published, empty, raw] }
        let expected = [
            "cmdline=fwupd\tctime=-5\tfilename=firmware ü.cab\tflags=3\thash=\(TestBusObject.digest)\tmax-age=60\t"
                + "share-count=3\tshare-limit=7\tsize=\(1 << 40)",
            "filename=e\thash=" + String(repeating: "0", count: 64),
            "ctime=1600000000\tfilename=a\u{FFFD}\tb\thash=\(raw.digest)\tmax-age=4294967295\t"
                + "share-limit=4294967295\tsize=4105",
        ]
        #expect(try await fixture.client.run("items", "60").lines == expected)
        #expect(try await fixture.nobody.run("items", "60").lines == expected)
    }

    @Test func listingComesInPages() async throws {
        let fixture = try await Fixture.make()
        fixture.object.state.withLock { state in
            state.items = (0..<20).map { ItemDescription(name: RawName("file-\($0)"), number: $0) }
        }
        let answer = try await fixture.nobody.run(
            "call", "org.freedesktop.Passim.Mirror", "ListItems", "(uint64 18, uint32 50000, 'file')")
        let line = try #require(answer.lines.first)
        #expect(line.contains("'file-18'") && line.contains("'file-19'") && !line.contains("'file-17'"))
        #expect(line.hasSuffix(", 20)"))
        let page = try #require(fixture.object.state.withLock { $0.pages.first })
        #expect(page.offset == 18 && page.limit == 10_000 && page.filter == "file")
    }

    /// Nothing is kept of an answer that is not sent.
    @Test func whoeverWantsNoAnswerGetsNone() async throws {
        let fixture = try await Fixture.make()
        fixture.object.state.withLock { $0.items = [ItemDescription(name: RawName("a"), number: 1)] }
        for _ in 0..<3 {
            let outcome = try await fixture.bus.busctl(
                "call", "--expect-reply=no", "org.freedesktop.Passim", "/", "org.freedesktop.Passim",
                "GetItems")
            #expect(outcome.succeeded)
        }
        #expect(try await fixture.client.run("items", "60").lines.count == 1)
    }

    @Test func peersAreFoundAndReported() async throws {
        let fixture = try await Fixture.make()
        let mirror = "org.freedesktop.Passim.Mirror"
        let hash = TestBusObject.digest.hex
        let found = try await fixture.client.run("call", mirror, "FindPeers", "('\(hash)',)")
        let urls = "['https://192.0.2.1:27500/a?sha256=\(hash)', 'https://192.0.2.2:27500/a']"
        #expect(found.lines == ["(\(urls),)"])
        let other = try await fixture.client.run("call", mirror, "FindPeers", "('\(Digest(of: "x"))',)")
        #expect(other.lines == ["(@as [],)"] || other.lines == ["([],)"])
        let reported = try await fixture.client.run("call", mirror, "ReportPeer", "('https://a', '\(hash)')")
        #expect(reported.error == nil)
        #expect(fixture.object.state.withLock { $0.reported } == ["https://a \(hash)"])
        for (method, arguments) in [
            ("FindPeers", "('12',)"), ("ReportPeer", "('https://a', '12')"),
            ("ReportPeer", "('ftp', '\(hash)')"),
        ] {
            let answer = try await fixture.client.run("call", mirror, method, arguments)
            #expect(answer.error == Fixture.invalidArguments, "\(method) \(arguments)")
        }
    }
}
