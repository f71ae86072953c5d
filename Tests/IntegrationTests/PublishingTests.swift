import PassimCore
import PassimTestKit
import Testing

/// Items that are published over the bus, by programs that are not ours.
@Suite(
    .enabled(if: PublisherSite.isPossible, Comment(rawValue: PublisherSite.requirement)),
    .timeLimit(.minutes(5)))
struct PublishingTests {
    @Test(arguments: ["file", "pipe", "socket", "memfd"])
    func publishedFileIsFetchedListedAndLogged(kind: String) async throws {
        let site = try PublisherSite()
        let watcher = try await site.client.start("watch")
        let daemon = try site.start()
        try watcher.waitForLine(containing: "Status=3")
        let content = "published by \(kind)\n"
        let digest = Digest(of: content)
        let answer = try await site.publish(content, as: "HELLO.md", kind: kind, ", 'max-age': <uint32 600>")
        #expect(answer.error == nil, "\(answer.message)")
        try watcher.waitForLine(containing: "Changed")
        let response = try daemon.fetch(digest)
        #expect(response.status == 200 && response.text == content)
        #expect(response["Content-Disposition"]?.contains("filename=\"HELLO.md\"") == true)
        let item = try #require(try await site.items().first)
        #expect(item["hash"] == digest.hex && item["filename"] == "HELLO.md")
        #expect(
            item["max-age"] == "600" && item["share-limit"] == "5" && item["size"] == "\(content.utf8.count)")
        #expect(item["cmdline"]?.hasPrefix("python") == true)
        #expect(try await becomesTrue(within: 60) { try await site.items().first?["share-count"] == "1" })
        #expect(try site.stored() == [RawName("\(digest.hex)-HELLO.md")])
        #expect(
            try await becomesTrue(within: 60) {
                let log = try site.auditLog()
                return log.contains { $0.hasPrefix("PBLSH hash=\(digest.hex),basename=HELLO.md,size=") }
                    && log.contains(
                        "SHARE hash=\(digest.hex),basename=HELLO.md,size=\(content.utf8.count),ipaddr=127.0.0.1"
                    )
            })
        #expect(try await site.property("DownloadSaving") == "\(content.utf8.count)")
        #expect(try await site.unpublish(digest.hex) == nil)
        #expect(try daemon.fetch(digest).status == 404)
        #expect(try site.stored().isEmpty)
        #expect(try await site.items().isEmpty)
        #expect(
            try await becomesTrue(within: 60) {
                try site.auditLog().contains("DELTE hash=\(digest.hex),basename=HELLO.md")
            })
    }

    @Test func contentBeginsAtTheDescriptorsOffset() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        #expect(try await site.publish("abcdef", kind: "offset").error == nil)
        #expect(try daemon.fetch(Digest(of: "def")).text == "def")
    }

    // MARK: What is refused

    @Test func errorsAreThoseThatClientsLookFor() async throws {
        let site = try PublisherSite("MaxItemSize=10")
        try site.site.put("static", "static\n")
        try site.site.share()
        let daemon = try site.start()
        try daemon.waitForStatus(200, of: Digest(of: "static\n"))
        let invalid = "org.freedesktop.DBus.Error.InvalidArgs"
        for name in ["", "a/b", "a\\nb", "a\\u007fb"] {
            #expect(try await site.publish("x", as: name).error == invalid, "\(name)")
        }
        for attributes in [
            ", 'max-age': <'600'>", ", 'share-limit': <uint32 3>, 'share-count': <uint32 3>",
            ", 'flags': <7>",
        ] {
            #expect(try await site.publish("x", attributes).error == invalid, "\(attributes)")
        }
        #expect(try await site.client.run("publish", "file", "x", "{}").error == invalid)
        for kind in ["two", "none"] { #expect(try await site.publish("x", kind: kind).error == invalid) }
        #expect(try await site.publish("eleven chars").error == gioError(35))
        #expect(try await site.publish("static\n").error == gioError(2))
        #expect(try await site.publish("ten chars!").error == nil)
        #expect(try await site.publish("ten chars!", as: "other").error == gioError(2))
        #expect(try await site.unpublish(Digest(of: "nobody's").hex) == gioError(1))
        #expect(try await site.unpublish("nonsense") == gioError(1))
        #expect(try await site.unpublish(Digest(of: "static\n").hex) == gioError(15))
        #expect(try daemon.fetch(Digest(of: "static\n")).status == 200)
        // Nothing of what was refused is left.
        #expect(try site.stored() == [RawName("\(Digest(of: "ten chars!").hex)-file")])
    }

    @Test func othersMayLookAndNotPublish() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        #expect(try await site.publish("content\n").error == nil)
        let other = try StockBusClient(site.bus.environment, user: DaemonSite.unprivileged)
        #expect(
            try await other.run("publish", "file", "mine", "{'filename': <'mine'>}").error == gioError(14))
        let digest = Digest(of: "content\n")
        #expect(try await site.unpublish(digest.hex, by: other) == gioError(14))
        #expect(try await other.run("items").lines.count == 1)
        #expect(try await other.run("properties").lines.contains("Status=3"))
        #expect(
            try await other.run(
                "call", "org.freedesktop.Passim.Mirror", "ListItems", "(uint64 0, uint32 10, '')"
            ).error == nil)
        #expect(try await other.run("call", "org.freedesktop.Passim.Mirror", "Rescan").error == gioError(14))
        #expect(try daemon.fetch(digest).status == 200)
    }

    @Test func insecureLetsEverybodyPublish() async throws {
        let site = try PublisherSite()
        let daemon = try site.start("--insecure")
        let other = try StockBusClient(site.bus.environment, user: DaemonSite.unprivileged)
        #expect(try await other.run("publish", "file", "mine", "{'filename': <'mine'>}").error == nil)
        #expect(try daemon.fetch(Digest(of: "mine")).text == "mine")
    }

    // MARK: Lives

    @Test func itemsSharesAndSavingsOutliveARestart() async throws {
        let site = try PublisherSite()
        var daemon = try site.start()
        let digest = Digest(of: "content\n")
        #expect(try await site.publish("content\n", ", 'share-limit': <uint32 3>").error == nil)
        for _ in 0..<2 { #expect(try daemon.fetch(digest).status == 200) }
        #expect(try await becomesTrue(within: 60) { try await site.items().first?["share-count"] == "2" })
        #expect(try daemon.process.terminate() == .exit(0))
        daemon = try site.start()
        #expect(try await site.items().first?["share-count"] == "2")
        #expect(try await site.property("DownloadSaving") == "16")
        #expect(try daemon.fetch(digest).status == 200)
        #expect(try await becomesTrue(within: 60) { try daemon.fetch(digest).status == 404 })
        #expect(try await becomesTrue(within: 60) { try site.stored().isEmpty })
    }

    @Test func itemEndsAtItsAge() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        let digest = Digest(of: "content\n")
        #expect(try await site.publish("content\n", ", 'max-age': <uint32 2>").error == nil)
        #expect(try await becomesTrue(within: 60) { try site.stored().isEmpty })
        #expect(try daemon.fetch(digest).status == 404)
        #expect(try await site.items().isEmpty)
    }

    @Test func itemForTheNextBootIsLockedUntilThen() async throws {
        let site = try PublisherSite()
        var daemon = try site.start()
        let digest = Digest(of: "content\n")
        #expect(try await site.publish("content\n", ", 'flags': <uint64 2>").error == nil)
        #expect(try daemon.fetch(digest).status == 423)
        #expect(try await site.items().first?["flags"] == "3")
        #expect(try daemon.process.terminate() == .exit(0))
        // As if it had been another boot.
        let file = RawName("var/lib/passim/data/\(digest.hex)-file")
        #expect(try site.site.tree.attribute("user.boot_time", of: file)?.isEmpty == false)
        try site.site.tree.setAttribute("user.boot_time", of: file, "1000000000")
        daemon = try site.start()
        #expect(try daemon.fetch(digest).text == "content\n")
    }

    @Test func whatTheStockDaemonLeftIsTakenOver() async throws {
        let site = try PublisherSite()
        let tree = site.site.tree
        let whole = Digest(of: "whole\n")
        try tree.makeDirectory("var/lib/passim/data")
        try tree.write("var/lib/passim/data/\(whole.hex)-name-with-dashes.txt", "whole\n")
        try tree.write("var/lib/passim/data/made_up-HELLO.md", "hello\n")
        try tree.write("var/lib/passim/data/nodash", "not an item\n")
        let daemon = try site.start()
        #expect(try daemon.fetch(whole)["Content-Disposition"]?.contains("name-with-dashes.txt") == true)
        #expect(try daemon.fetch(Digest(of: "hello\n")).text == "hello\n")
        #expect(try daemon.fetch(Digest(of: "not an item\n")).status == 404)
        let names = try await site.items().compactMap { $0["filename"] }
        #expect(Set(names) == ["name-with-dashes.txt", "HELLO.md"])
        #expect(tree.exists("var/lib/passim/data/nodash"))
    }

    @Test func hangUpReopensTheLogAndTakesNewLimits() async throws {
        let site = try PublisherSite("LogClients=none", "MaxItemSize=3")
        let daemon = try site.start()
        #expect(try await site.publish("content\n").error == gioError(35))
        try site.site.configure(["LogClients=full"])
        try site.site.tree.rename("var/log/passim/audit.log", to: "var/log/passim/audit.log.1")
        daemon.process.kill(1)
        #expect(try await becomesTrue(within: 60) { try await site.publish("content\n").error == nil })
        #expect(try await becomesTrue(within: 60) { try site.auditLog().contains { $0.hasPrefix("PBLSH ") } })
    }
}
