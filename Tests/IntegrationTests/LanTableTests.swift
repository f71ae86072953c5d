import Glibc
import PassimCore
import PassimTestKit
import Testing

/// The rows of passim-protocol(7), HTTPS, that are about who asks, from a second host.
@Suite(.enabled(if: Lan.isPossible, Comment(rawValue: Lan.requirement)))
struct LanTableTests {
    let lan: Lan
    let site: DaemonSite
    let content = "content of the file\n"
    let digest: Digest

    init() throws {
        lan = try Lan()
        site = try DaemonSite(namespace: lan.server)
        try site.put("file.txt", content)
        digest = Digest(of: content)
    }

    private func start(_ dropIn: String...) throws -> DaemonProcess {
        let lines = ["[passim]", "Path=\(site.tree.absolute("mirror"))"] + dropIn
        try site.tree.write("etc/passim.d/mirror.conf", lines.map { $0 + "\n" }.joined())
        let daemon = try site.start()
        try daemon.firstPass()
        return daemon
    }

    private func ask(_ daemon: DaemonProcess, _ target: String, _ options: String...) throws -> HTTPResponse {
        try curl(on: lan.client, "https://\(Lan.serverAddress):\(daemon.port)\(target)", options)
    }

    private func askOnTheHostItself(
        _ daemon: DaemonProcess, _ target: String, _ options: String...
    ) throws -> HTTPResponse {
        try curl(on: lan.server, "https://127.0.0.1:\(daemon.port)\(target)", options)
    }

    private func curl(on host: String, _ url: String, _ options: [String]) throws -> HTTPResponse {
        try lan.curl(on: host, options + [url])
    }

    private var unknown: String { String(repeating: "0", count: 64) }
    private var file: String { "/x?sha256=\(digest.hex)" }

    @Test func rowsAreTheSameForOthersUpToTheFile() throws {
        let daemon = try start()
        for method in ["POST", "DELETE"] { #expect(try ask(daemon, "/", "-X", method).status == 405) }
        for path in ["/", "/favicon.ico", "/style.css"] {
            for query in ["", "?x", file.dropFirst(2).description] {
                #expect(try ask(daemon, path + query).status == 403, "\(path)\(query)")
                // The name does not make it local.
                #expect(try ask(daemon, path + query, "-H", "Host: localhost").status == 403)
            }
            #expect(try askOnTheHostItself(daemon, path).status == 200)
        }
        for (target, status) in [
            ("/x", 400), ("/x?x", 400), ("/x?sha256=0&sha256=1", 400), ("\(file)&localhost=1", 400),
            ("/x?sha256=0", 406),
        ] {
            #expect(try ask(daemon, target).status == status, "\(target)")
        }
    }

    @Test func pageTellsWhoHasFetchedWhatAndCountsNothingOfThisMachine() async throws {
        let daemon = try start()
        let local = "\(Lan.serverAddress):\(daemon.port)"
        // This machine's own, at either of its addresses, from the moment on that it knows them.
        #expect(try askOnTheHostItself(daemon, file).status == 200)
        let before = try askOnTheHostItself(daemon, "/").text
        #expect(before.contains("no other machine has fetched anything yet"))
        #expect(try curl(on: lan.server, "https://\(local)\(file)", []).status == 200)
        for _ in 0..<3 { #expect(try ask(daemon, file).status == 200) }
        #expect(try ask(daemon, file, "-r", "0-3").status == 206)
        #expect(try ask(daemon, "/").status == 403)
        let isTold = try await becomesTrue(within: 60) {
            try askOnTheHostItself(daemon, "/").text.contains("<small>3 downloads · 64 B</small>")
        }
        #expect(isTold)
        let page = try askOnTheHostItself(daemon, "/").text
        #expect(page.contains("<bdi>\(Lan.clientAddress)</bdi> fetched a file <time"))
        #expect(page.contains("<bdi>\(Lan.clientAddress)</bdi></span><span>64 B</span>"))
        #expect(page.contains("<bdi>file.txt</bdi></a><span>3 ×</span>"))
        #expect(!page.contains("<bdi>\(Lan.serverAddress)</bdi>"))
        let item = try askOnTheHostItself(daemon, "/items/\(digest.hex)").text
        #expect(item.contains("<strong>3 × <span>in 24 h</span></strong>64 B by other machines"))

        // The page says of clients what the log may.
        for (policy, shown) in [
            ("subnet", "<bdi>10.77.0.0/24</bdi></span>"), ("none", "they are counted only"),
        ] {
            try site.configure(["LogClients=\(policy)"])
            daemon.process.kill(SIGHUP)
            let isSo = try await becomesTrue(within: 60) {
                try askOnTheHostItself(daemon, "/").text.contains(shown)
            }
            #expect(isSo, "\(policy)")
            #expect(!(try askOnTheHostItself(daemon, "/").text.contains(Lan.clientAddress)), "\(policy)")
        }
    }

    @Test func pageIsOpenedByReloadForAddressesThatAreNamed() async throws {
        let daemon = try start()
        let refused = try ask(daemon, "/")
        #expect(refused.status == 403)
        #expect(refused.text.contains("PageAllow=\(Lan.clientAddress) into [daemon]"))
        try site.configure(["PageAllow=\(Lan.clientAddress)"])
        daemon.process.kill(SIGHUP)
        let isOpen = try await becomesTrue(within: 60) { try ask(daemon, "/").status == 200 }
        #expect(isOpen)
        for path in ["/style.css", "/?q=file", "/items/\(digest.hex)"] {
            #expect(try ask(daemon, path).status == 200, "\(path)")
        }
        #expect(try ask(daemon, "/", "-H", "Host: evil.example").status == 403)
        #expect(try ask(daemon, "/metrics").status == 403)
        #expect(try ask(daemon, "/").text.contains("for this machine and those of PageAllow="))
        try site.configure(["PageAllow=all"])
        daemon.process.kill(SIGHUP)
        let isClosed = try await becomesTrue(within: 60) { try ask(daemon, "/").status == 403 }
        #expect(isClosed)
    }

    @Test func knownFileIsSentToOthersUnlessTheyAskForAnothers() throws {
        let daemon = try start()
        for target in [file, file + "&localhost=true", file.uppercased().replacing("SHA", with: "sha")] {
            let response = try ask(daemon, target)
            #expect(response.status == 200, "\(target)")
            #expect(response.text == content)
        }
        // Row 10.
        #expect(try ask(daemon, file + "&localhost=false").status == 403)
        #expect(try ask(daemon, "/x?sha256=\(unknown)").status == 403)
        #expect(try ask(daemon, "/x?sha256=\(unknown)&localhost=true").status == 403)
        // Row 11 on the host itself.
        #expect(try askOnTheHostItself(daemon, file + "&localhost=false").status == 404)
        #expect(try askOnTheHostItself(daemon, "/x?sha256=\(unknown)").status == 404)
    }

    @Test func allOf127IsLoopback() throws {
        let daemon = try start()
        let url = "https://127.8.9.10:\(daemon.port)/"
        #expect(try curl(on: lan.server, url, ["--interface", "127.1.2.3"]).status == 200)
        // Its own address on the LAN is not.
        #expect(try curl(on: lan.server, "https://\(Lan.serverAddress):\(daemon.port)/", []).status == 403)
    }

    @Test func sixthVersionIsServedWhereConfiguredOnly() throws {
        try site.configure(["IPv6=true"])
        let daemon = try start()
        let url = "https://[\(Lan.serverAddress6)]:\(daemon.port)"
        #expect(try curl(on: lan.client, url + file, []).text == content)
        #expect(try curl(on: lan.client, url + "/", []).status == 403)
        #expect(try curl(on: lan.server, "https://[::1]:\(daemon.port)/", []).status == 200)
        #expect(try ask(daemon, file).text == content)
        try daemon.process.terminate()
        try site.configure([])
        let other = try start()
        #expect(throws: TestFailure.self) {
            try curl(on: lan.client, "https://[\(Lan.serverAddress6)]:\(other.port)\(file)", [])
        }
    }

    // MARK: Row 7

    @Test func mirrorHasNoCooldownByDefault() throws {
        let daemon = try start()
        for _ in 0..<3 { #expect(try ask(daemon, file).status == 200) }
    }

    @Test func sentFileIsNotSentAgainWithinItsCooldown() throws {
        try site.put("other", "other")
        let daemon = try start("Cooldown=3600")
        #expect(try ask(daemon, file).status == 200)
        #expect(try ask(daemon, file).status == 403)
        // Another file, another client.
        #expect(try ask(daemon, "/x?sha256=\(Digest(of: "other").hex)").status == 200)
        for _ in 0..<3 { #expect(try askOnTheHostItself(daemon, file).status == 200) }
    }

    @Test func onlyAFilesWorthOfBytesStartsTheCooldown() throws {
        let daemon = try start("Cooldown=3600")
        #expect(try ask(daemon, file, "--head").status == 200)
        #expect(try ask(daemon, file, "-H", "If-None-Match: *").status == 304)
        #expect(try ask(daemon, file, "-r", "1000-").status == 416)
        #expect(try ask(daemon, file + "&localhost=false").status == 403)
        for _ in 0..<5 { #expect(try ask(daemon, file, "-r", "0-0").status == 206) }
        #expect(try ask(daemon, file, "-r", "5-").status == 206)
        #expect(try ask(daemon, file, "-r", "0-4").status == 206)
        #expect(try ask(daemon, file).status == 403)
    }

    @Test func cooldownEnds() throws {
        let daemon = try start("Cooldown=1")
        #expect(try ask(daemon, file).status == 200)
        let end = ContinuousClock.now + .seconds(20)
        var status = 403
        while status != 200, ContinuousClock.now < end { status = try ask(daemon, file).status }
        #expect(status == 200)
    }

    @Test func downloadThatWasCutOffDoesNotCount() throws {
        try site.tree.truncate("mirror/large", to: 64 << 20)
        let large = "/x?sha256=\(try site.tree.digest(of: "mirror/large").hex)"
        let daemon = try start("Cooldown=3600")
        var setting = ChildProcess.Setting()
        setting.namespace = lan.client
        let url = "https://\(Lan.serverAddress):\(daemon.port)\(large)"
        try Command.run(
            ["bash", "-c", "curl --silent --insecure --max-time 30 '\(url)' | head -c 1000 >/dev/null"],
            setting)
        // The daemon hears of it a moment later.
        let end = ContinuousClock.now + .seconds(20)
        var status = 403
        while status == 403, ContinuousClock.now < end { status = try ask(daemon, large, "-r", "0-9").status }
        #expect(status == 206)
    }

    // MARK: Connections of one address

    @Test func addressWithTooManyConnectionsGetsNoMoreButOthersDo() throws {
        try site.configure(["MaxConnectionsPerAddress=3"])
        let daemon = try start()
        var setting = ChildProcess.Setting()
        setting.namespace = lan.client
        let place = "/dev/tcp/\(Lan.serverAddress)/\(daemon.port)"
        let holder = try ChildProcess(
            ["bash", "-c", "exec 3<>\(place) 4<>\(place) 5<>\(place); echo ready >&2; exec sleep 60"], setting
        )
        try holder.waitForLine(containing: "ready")
        #expect(throws: TestFailure.self) { try ask(daemon, file) }
        for _ in 0..<5 { #expect(try askOnTheHostItself(daemon, file).status == 200) }
        holder.kill(9)
        _ = try holder.wait()
        let end = ContinuousClock.now + .seconds(20)
        var response = try? ask(daemon, file)
        while response == nil, ContinuousClock.now < end { response = try? ask(daemon, file) }
        #expect(response?.status == 200)
    }

    @Test func loopbackMayHaveAnyNumberOfConnections() throws {
        try site.configure(["MaxConnectionsPerAddress=1"])
        let daemon = try start()
        var setting = ChildProcess.Setting()
        setting.namespace = lan.server
        let place = "/dev/tcp/127.0.0.1/\(daemon.port)"
        let holder = try ChildProcess(
            ["bash", "-c", "exec 3<>\(place) 4<>\(place) 5<>\(place); echo ready >&2; exec sleep 60"], setting
        )
        try holder.waitForLine(containing: "ready")
        #expect(try askOnTheHostItself(daemon, file).status == 200)
    }
}
