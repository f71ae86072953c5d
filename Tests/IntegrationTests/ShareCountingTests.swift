import PassimCore
import PassimTestKit
import Testing

/// A share is a file's worth of bytes, whatever the requests are that fetch them: over real connections of programs
/// that are not ours.
@Suite(.timeLimit(.minutes(5)))
struct ShareCountingTests {
    private static let size = 20 << 20

    private func content(_ size: Int = ShareCountingTests.size) -> [UInt8] {
        var generator = SeededGenerator(seed: UInt64(size))
        // The client that publishes it takes text.
        return generator.bytes(size).map { 0x20 + $0 % 64 }
    }

    private func aria2(_ url: String, to directory: TemporaryTree, on host: String? = nil) throws
        -> ChildProcess.End
    {
        var setting = ChildProcess.Setting()
        setting.namespace = host
        return try ChildProcess(
            [
                "aria2c", "--check-certificate=false", "--no-conf", "-x16", "-s16", "-k1M", "--out=download",
                "--file-allocation=none", "--max-tries=2", "--allow-overwrite=true",
                "--dir=\(directory.path)", url,
            ], setting
        ).wait()
    }

    @Test(.enabled(if: PublisherSite.isPossible, Comment(rawValue: PublisherSite.requirement)))
    func firstByteFromManyAddressesIsNoShareAndAllButTheFirstOneIs() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        let content = content()
        let digest = Digest(of: content)
        try site.site.tree.write("content", content)
        let answer = try await site.client.run(
            "publish", "file", "@" + site.site.tree.absolute("content"), "{'filename': <'file'>}")
        #expect(answer.error == nil, "\(answer.message)")
        func fetch(_ range: String, from address: String) throws -> String {
            try Command.succeed([
                "curl", "--silent", "--insecure", "--interface", address, "--range", range, "--output",
                "/dev/null",
                "--write-out", "%{http_code} %{size_download}",
                "https://127.0.0.1:\(daemon.port)/file?sha256=\(digest.hex)",
            ]).text
        }
        for number in 1...20 { #expect(try fetch("0-0", from: "127.0.0.\(number)") == "206 1") }
        #expect(try await site.items().first?["share-count"] == nil)
        let rest = ShareCountingTests.size - 1
        for number in 1...2 { #expect(try fetch("1-", from: "127.0.0.\(number)") == "206 \(rest)") }
        #expect(try await becomesTrue(within: 60) { try await site.items().first?["share-count"] == "2" })
        #expect(
            try await becomesTrue(within: 60) { try site.auditLog().count { $0.hasPrefix("SHARE ") } == 2 })
        for line in try site.auditLog() where line.hasPrefix("SHARE ") {
            #expect(line.contains(",size=\(ShareCountingTests.size),ipaddr=127.0.0."))
        }
        #expect(try await site.property("DownloadSaving") == "\(20 + 2 * rest)")
        // And the limit of 5 shares is reached by the bytes that are left.
        for number in 1...3 { #expect(try fetch("0-", from: "127.0.0.\(number)") == "206 \(rest + 1)") }
        #expect(try await becomesTrue(within: 60) { try site.stored().isEmpty })
        #expect(try daemon.fetch(digest, "Range: bytes=0-0").status == 404)
    }

    @Test(
        .enabled(if: PublisherSite.isPossible, Comment(rawValue: PublisherSite.requirement)),
        arguments: [1, 5])
    func itemIsFetchedBySixteenConnectionsWithinItsLimit(limit: Int) async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        let content = content()
        let digest = Digest(of: content)
        try site.site.tree.write("content", content)
        let answer = try await site.client.run(
            "publish", "file", "@" + site.site.tree.absolute("content"),
            "{'filename': <'file'>, 'share-limit': <uint32 \(limit)>}")
        #expect(answer.error == nil, "\(answer.message)")
        let url = "https://127.0.0.1:\(daemon.port)/file?sha256=\(digest.hex)"
        let tree = try TemporaryTree()
        #expect(try aria2(url, to: tree) == .exit(0))
        #expect(try tree.digest(of: "download") == digest)
    }

    @Test(.enabled(if: Lan.isPossible, Comment(rawValue: Lan.requirement)), arguments: [3 << 20, 40 << 20])
    func cooldownDoesNotBeginInTheMidstOfADownloadBySixteenConnections(size: Int) async throws {
        let lan = try Lan()
        let site = try DaemonSite(namespace: lan.server)
        let content = content(size)
        try site.put("file", content)
        try site.share("mirror", as: "mirror", "Cooldown=3600")
        let daemon = try site.start()
        try daemon.firstPass()
        let digest = Digest(of: content)
        let url = "https://\(Lan.serverAddress):\(daemon.port)/file?sha256=\(digest.hex)"
        let tree = try TemporaryTree()
        #expect(try aria2(url, to: tree, on: lan.client) == .exit(0))
        #expect(try tree.digest(of: "download") == digest)
        // It goes on with one connection where the others are refused: none was.
        let metrics = try lan.curl(on: lan.server, ["https://127.0.0.1:\(daemon.port)/metrics"]).text
        #expect(metrics.contains("passim_requests_total{code=\"403\"} 0\n"), "\(metrics)")
        #expect(!metrics.contains("passim_requests_total{code=\"206\"} 0\n"), "\(metrics)")
        #expect(try lan.curl(on: lan.client, [url]).status == 403)
        let log = { try String(decoding: site.tree.read("var/log/passim/audit.log"), as: UTF8.self) }
        #expect(
            try await becomesTrue(within: 60) {
                try log().contains(
                    " SHARE hash=\(digest.hex),basename=file,size=\(size),ipaddr=\(Lan.clientAddress)")
            })
    }
}
