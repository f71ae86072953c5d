import PassimCore
import PassimTestKit
import Testing

/// The pages of the real daemon, as bytes; `BrowserTests` looks at them.
struct PageTests {
    let site: DaemonSite

    init() throws {
        site = try DaemonSite()
    }

    private func start() throws -> DaemonProcess {
        let daemon = try site.start()
        try daemon.firstPass()
        return daemon
    }

    @Test func searchOrderAndDirectoryAreThoseOfTheForm() throws {
        try site.put("a/small.cab", "1")
        try site.put("b/Large.cab", String(repeating: "2", count: 5000))
        try site.put("b/other.xml", "333")
        try site.tree.write("second/small.cab", "4444")
        try site.share()
        try site.share("second", as: "second")
        let daemon = try start()
        let all = try daemon.get("/")
        #expect(all.status == 200)
        #expect(all.text.contains("<small>4 files</small>"))
        #expect(all["Content-Security-Policy"]?.contains("form-action 'self'") == true)
        #expect(all["Cache-Control"] == "no-store")

        func names(_ query: String) throws -> [String] {
            try daemon.get("/?" + query).text.split(separator: "\n")
                .compactMap { line in
                    guard line.contains("<a href=\"/items/"), let start = line.firstRange(of: "<bdi>") else {
                        return nil
                    }
                    return String(line[start.upperBound...].prefix { $0 != "<" })
                }
        }
        #expect(try names("q=CAB&sort=size") == ["a/small.cab", "small.cab", "b/Large.cab"])
        #expect(try names("q=CAB&sort=-size") == ["b/Large.cab", "small.cab", "a/small.cab"])
        #expect(try names("sort=name") == ["a/small.cab", "b/Large.cab", "b/other.xml", "small.cab"])
        #expect(try names("directory=second.conf") == ["small.cab"])
        #expect(try names("directory=second.conf&q=other") == [])
        #expect(try names("directory=gone.conf") == [])
        #expect(try names("q=\(Digest(of: "333").hex.prefix(7).uppercased())") == ["b/other.xml"])
        #expect(try names("page=2").isEmpty)
    }

    @Test func itemTellsAllItsPathsAndHowToFetchIt() throws {
        try site.put("a/one.cab", "same")
        try site.put("b/two.cab", "same")
        try site.share()
        let daemon = try start()
        let digest = Digest(of: "same")
        let page = try daemon.get("/items/\(digest.hex)")
        #expect(page.status == 200)
        #expect(page.text.contains("\(site.tree.absolute("mirror"))/a/one.cab"))
        #expect(page.text.contains("\(site.tree.absolute("mirror"))/b/two.cab"))
        #expect(page["Content-Security-Policy"] != nil)

        // The command that it shows is one that works.
        let text = page.text.replacing("&#39;", with: "'")
        let commands = text.commands
        let shown = try #require(commands.first { $0.hasPrefix("curl ") })
        let check = try #require(commands.first { $0.hasPrefix("echo ") })
        // The name that others know this machine by, which is not known in here.
        let name = try #require(shown.firstRange(of: "https://")).upperBound
        let port = try #require(shown.firstRange(of: ":\(daemon.port)/")).lowerBound
        let command = shown.replacingCharacters(in: name..<port, with: "localhost")
        let directory = try TemporaryTree()
        var setting = ChildProcess.Setting()
        setting.workingDirectory = directory.path
        try Command.succeed(["sh", "-c", "exec " + command + " --silent"], setting)
        try Command.succeed(["sh", "-c", check], setting)
        let files = try Command.succeed(["sh", "-c", "cat ./*"], setting)
        #expect(files.text == "same")
    }

    @Test(arguments: [
        "", "x", "\(String(repeating: "0", count: 64))", "\(String(repeating: "0", count: 63))g", "../etc",
    ])
    func unknownItemIsNotFound(name: String) throws {
        let response = try start().get("/items/\(name)")
        #expect(response.status == 404)
        #expect(response["Content-Type"] == "text/html; charset=utf-8")
        #expect(response["Content-Security-Policy"] != nil)
    }

    @Test func oddNamesAreShownAndLedTo() throws {
        for name in OddName.all {
            try site.put(RawName("odd").appending(name.name), name.name.bytes)
        }
        try site.share()
        let daemon = try start()
        let page = try daemon.get("/?q=odd")
        #expect(!page.text.contains("<script>"))
        #expect(!page.text.contains("\u{202E}"))
        let connection = try daemon.connect()
        for name in OddName.all {
            let digest = Digest(of: name.name.bytes)
            #expect(page.text.contains("/items/\(digest.hex)"))
            let item = try connection.request("GET", "/items/\(digest.hex)")
            #expect(item.status == 200, "\(name)")
            #expect(!item.text.contains("\u{202E}"))
            // Where it leads to.
            let end = try #require(item.text.firstRange(of: "\" download=\"\">")).lowerBound
            let target = String(item.text[..<end].reversed().prefix { $0 != "\"" }.reversed())
            #expect(try connection.request("GET", target).body == name.name.bytes, "\(name)")
        }
    }

    @Test func directoryThatIsMissingIsSeenInAllThree() throws {
        try site.share("nowhere", as: "lost")
        try site.tree.write("etc/passim.d/bad.conf", "[passim]\n")
        try site.put("file", "content")
        try site.share()
        let daemon = try start()
        let page = try daemon.get("/").text
        #expect(page.contains("missing<small>the directory is not there"))
        #expect(page.contains("failed<small>"))
        let metrics = try daemon.get("/metrics")
        #expect(metrics["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        let lost =
            "passim_directory_state{drop_in=\"lost.conf\",path=\"\(site.tree.absolute("nowhere"))\",state="
        #expect(metrics.text.contains(lost + "\"missing\"} 1\n"))
        #expect(metrics.text.contains(lost + "\"watching\"} 0\n"))
        #expect(metrics.text.contains("{drop_in=\"bad.conf\",path=\"\",state=\"failed\"} 1\n"))
        let health = try daemon.get("/healthz")
        #expect(health.status == 200)
        #expect(health.text.hasPrefix("ok\n"))
        #expect(health.text.contains("nowhere is missing: "))
        #expect(health.text.contains("bad.conf cannot be used"))
    }

    @Test func metricsCountWhatIsDone() throws {
        try site.put("file", "content")
        try site.share()
        let daemon = try start()
        #expect(try daemon.fetch(Digest(of: "content")).status == 200)
        #expect(try daemon.fetch(Digest(of: "nobody has it")).status == 404)
        let lines = try daemon.get("/metrics").text.split(separator: "\n")
        for line in [
            "passim_requests_total{code=\"200\"} 1", "passim_requests_total{code=\"404\"} 1",
            "passim_lookups_total{result=\"nobody\"} 1", "passim_shares_total 1",
            "passim_shared_bytes_total 7", "passim_first_byte_seconds_count{answer=\"file\"} 1",
            "passim_first_byte_seconds_count{answer=\"lookup\"} 1",
            "passim_hashed_files_total 1", "passim_hashed_bytes_total 7", "passim_digests 1",
            "passim_status{status=\"running\"} 1",
            "passim_items{drop_in=\"mirror.conf\",path=\"\(site.tree.absolute("mirror"))\"} 1",
        ] {
            #expect(lines.contains { $0 == line }, "\(line)")
        }
        for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"] {
            #expect(lines.contains { $0.hasPrefix(name + " ") }, "\(name)")
        }
        // What was asked for is in the charts at once.
        let page = try daemon.get("/").text
        #expect(page.contains("Nobody had it"))
        // But neither are its own requests, nor those of this machine.
        #expect(page.contains("<small>0 downloads · 0 B</small>"))
        #expect(page.contains("no other machine has fetched anything yet"))
    }

    static let hasPromtool = (try? Command.run(["promtool", "--version"]))?.succeeded == true

    @Test(.enabled(if: hasPromtool, "needs promtool (Debian: prometheus; scripts/test --long installs it)"))
    func metricsAreAsPrometheusWantsThem() throws {
        try site.tree.write("etc/passim.d/bad\"\\ü.conf", "[passim]\n")
        try site.share("no\"where\\", as: "lost")
        try site.put("file", "content")
        try site.share()
        let daemon = try start()
        _ = try daemon.fetch(Digest(of: "content"))
        try site.tree.write("metrics", daemon.get("/metrics").body)
        // It reads standard input, and says what it finds wrong.
        let outcome = try Command.run([
            "sh", "-c", "promtool check metrics <\"$0\"", site.tree.absolute("metrics"),
        ])
        #expect(outcome.succeeded)
        #expect(outcome.text + outcome.errorText == "")
    }
}

extension String {
    /// Those that a page shows.
    fileprivate var commands: [String] {
        var commands: [String] = []
        var rest = self[...]
        let start = "<code class=\"cmd\">"
        while let found = rest.firstRange(of: start) {
            rest = rest[found.upperBound...]
            commands.append(String(rest.prefix { $0 != "<" }))
        }
        return commands
    }

    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
