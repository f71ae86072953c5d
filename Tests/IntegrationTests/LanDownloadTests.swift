import PassimCore
import PassimTestKit
import Testing

/// `passim download` on a network of four machines, by the real daemon and the real avahi-daemon.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(10)))
struct LanDownloadTests {
    let lan: Lan
    let hosts: [AvahiHost]
    let place: TemporaryTree
    let content = "what the honest one has\n"
    var digest: Digest { Digest(of: content) }

    init() throws {
        let lan = try Lan(hosts: 4)
        self.lan = lan
        hosts = try lan.hosts.enumerated().map { try AvahiHost($1, name: "host\($0)") }
        place = try TemporaryTree()
    }

    private func site(on host: AvahiHost) throws -> DaemonSite {
        let site = try DaemonSite(
            namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        try site.share()
        return site
    }

    private func passim(on host: AvahiHost, _ arguments: String...) throws -> Command.Outcome {
        var setting = host.setting
        setting.workingDirectory = place.path
        return try Command.run([try Products.path(of: "passim")] + arguments, setting)
    }

    /// Asks until the file comes: what is advertised is seen a little later.
    private func download(on host: AvahiHost, _ name: String = "file") throws -> Command.Outcome {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let outcome = try passim(on: host, "download", name, digest.hex)
            if outcome.succeeded || ContinuousClock.now > end { return outcome }
        }
    }

    /// The forger says that it has the file, which the honest one does not tell: so it is asked first.
    @Test func fileComesFromTheHonestOneWhenTheFirstSendsAnother() throws {
        let daemon = try site(on: hosts[3]).start()
        let honest = try StockPeer(on: hosts[0], .stock(content: content), digests: [digest])
        let first = try download(on: hosts[3])
        #expect(first.end == .exit(0), "\(first.errorText)")
        #expect(first.text.hasPrefix("Saved file (24 B of "))
        let forger = try StockPeer(
            on: hosts[1], .forger(content: "what the other one has!\n"), digests: [digest])
        let note =
            "passim: https://\(Lan.address(of: 1)):\(forger.port)/\(digest.hex): sent other content than"
        // Until it is seen.
        var second = try download(on: hosts[3], "second")
        let end = ContinuousClock.now + .seconds(60)
        while second.errorText.isEmpty, ContinuousClock.now < end {
            second = try download(on: hosts[3], "second")
        }
        #expect(second.end == .exit(0))
        #expect(second.errorText.hasPrefix(note), "\(second.errorText)")
        #expect(try place.read("second") == Array(content.utf8))
        // It was reported: nobody is sent there any more.
        let third = try passim(on: hosts[3], "download", "third", digest.hex)
        #expect(third.end == .exit(0))
        #expect(third.errorText == "")
        #expect(try place.list("").count == 3)
        withExtendedLifetime((daemon, honest, forger)) {}
    }

    @Test func fileComesFromADaemonAndGoesOnWhereItEnded() throws {
        let serving = try site(on: hosts[2])
        try serving.put("real name.txt", content)
        let server = try serving.start()
        try server.firstPass()
        let daemon = try site(on: hosts[3]).start()
        let whole = try download(on: hosts[3])
        #expect(whole.end == .exit(0), "\(whole.errorText)")
        #expect(whole.text == "Saved file (24 B of text/plain)\n")
        try place.remove("file")
        try place.write(".passim-\(digest.hex).part", "what the ")
        #expect(try download(on: hosts[3]).end == .exit(0))
        #expect(try place.read("file") == Array(content.utf8))
        #expect(try place.list("") == [RawName("file")])
        // The machine that has it asks the others all the same.
        let here = try passim(on: hosts[2], "download", "file", digest.hex)
        #expect(here.end == .exit(1))
        #expect(here.errorText == "passim: no machine of this network has the file\n")
        withExtendedLifetime(daemon) {}
    }

    @Test func statusAndListTellOfTheRealDaemon() throws {
        let site = try site(on: hosts[0])
        try site.put("a", "a")
        try site.share("none", as: "none")
        let daemon = try site.start()
        try daemon.firstPass()
        let status = try passim(on: hosts[0], "status")
        #expect(status.end == .exit(2))
        #expect(status.text.contains("none.conf"))
        #expect(status.text.contains("missing"))
        try site.tree.remove("etc/passim.d/none.conf")
        let end = ContinuousClock.now + .seconds(60)
        while try passim(on: hosts[0], "status").end != .exit(0), ContinuousClock.now < end {}
        #expect(try passim(on: hosts[0], "status").end == .exit(0))
        let list = try passim(on: hosts[0], "list")
        #expect(list.text.split(separator: "\n").last?.hasPrefix(Digest(of: "a").hex) == true)
        let version = try passim(on: hosts[0], "--version")
        #expect(version.text == "client version: \(passimVersion)\ndaemon version: \(passimVersion)\n")
        withExtendedLifetime(daemon) {}
    }

    @Test func commandsOfTheAdministratorTakeEffect() throws {
        let site = try site(on: hosts[0])
        let daemon = try site.start()
        try daemon.firstPass()
        func passim(_ arguments: String...) throws -> Command.Outcome {
            var setting = hosts[0].setting
            setting.workingDirectory = place.path
            setting.environment["SYSCONFDIR"] = site.tree.absolute("etc")
            return try Command.run([try Products.path(of: "passim")] + arguments, setting)
        }
        func becomesListed(_ name: String, _ wanted: Bool = true) throws -> Bool {
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                if try passim("list", name).text.hasSuffix("  \(name)\n") == wanted { return true }
            }
            return false
        }
        // What was stamped beforehand is shared without being read.
        try place.write("more/shared", content)
        try place.setModified("more/shared", DaemonSite.longAgo)
        func hashedFiles() throws -> Substring? {
            let url = "https://localhost:\(daemon.port)/metrics"
            let text = try Command.run(["curl", "-sk", url], hosts[0].setting).text
            return text.split(separator: "\n").first { $0.hasPrefix("passim_hashed_files_total ") }
        }
        let hashed = try #require(try hashedFiles())
        let scanned = try passim("scan", "more")
        #expect(
            scanned.text == "Stamped 1 file (24 B); 0 had their stamp already."
                + (isRoot ? " passimd was told of 1: it need not read them.\n" : "\n"))
        #expect(try passim("mirror", "add", "more", "more").succeeded)
        #expect(try becomesListed("shared"))
        if isRoot { #expect(try hashedFiles() == hashed) }
        #expect(try passim("rescan").end == .exit(0))
        #expect(try passim("verify", "more").text == "Verified 1 file: 0 with bit rot.\n")
        #expect(try passim("mirror", "remove", "more").succeeded)
        #expect(try becomesListed("shared", false))

        let published = try passim("publish", "more/shared", "3600", "2")
        #expect(published.text == "Published: \(digest.hex) shared (for 60 min, 2 downloads)\n")
        let json = try passim("list", "--json").text
        #expect(json.contains("\"filename\":\"shared\",\"size\":24,\"cmdline\":\"passim\""))
        #expect(json.contains("\"max_age\":3600,\"share_limit\":2,"))
        let again = try passim("publish", "more/shared")
        #expect(again.end == .exit(1))
        #expect(again.errorText == "passim: \(digest.hex) is already being shared\n")
        #expect(try passim("unpublish", digest.hex).text == "Unpublished: \(digest.hex)\n")
        let unknown = try passim("unpublish", digest.hex)
        #expect(unknown.end == .exit(1))
        #expect(unknown.errorText == "passim: \(digest.hex) is not shared here\n")
        withExtendedLifetime(daemon) {}
    }
}
