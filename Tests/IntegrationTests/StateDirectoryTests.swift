import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Whose the state directory is, and what is left in it.
@Suite(.timeLimit(.minutes(5)))
struct StateDirectoryTests {
    /// Starts a second daemon over a site, which is expected to end by itself.
    private func startSecond(_ site: DaemonSite) throws -> ChildProcess {
        var setting = ChildProcess.Setting()
        setting.environment = [
            "SYSCONFDIR": site.tree.absolute("etc"), "LOCALSTATEDIR": site.tree.absolute("var"),
            "NOTIFY_SOCKET": nil, "JOURNAL_STREAM": nil,
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=\(site.tree.absolute("no-bus"))",
        ]
        return try ChildProcess([try Products.path(of: "passimd")], setting)
    }

    @Test(.enabled(if: PublisherSite.isPossible, Comment(rawValue: PublisherSite.requirement)))
    func secondDaemonIsRefusedAndHarmsNothing() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        #expect(try await site.publish("there already\n", as: "first").error == nil)
        let publisher = try await site.client.start("slow", "under way\n", "{'filename': <'second'>}")
        try publisher.waitForLine(containing: "half")
        let second = try startSecond(site.site)
        #expect(try second.wait() == .exit(1))
        #expect(
            second.errorText.contains(
                "\(site.site.tree.absolute("var/lib/passim")) is in use by another passimd (process \(daemon.process.identifier))"
            ), "\(second.errorText)")
        publisher.kill(SIGUSR1)
        _ = try publisher.wait()
        #expect(publisher.errorText.contains("published"), "\(publisher.errorText)")
        for content in ["there already\n", "under way\n"] {
            #expect(try daemon.fetch(Digest(of: content)).text == content)
        }
        #expect(try site.stored().count == 2)
        #expect(try daemon.process.terminate() == .exit(0))
        // It is free again at once, whoever had it.
        let next = try site.start()
        #expect(try next.fetch(Digest(of: "under way\n")).status == 200)
        next.process.kill(SIGKILL)
        _ = try next.process.wait()
        #expect(try site.start().fetch(Digest(of: "under way\n")).status == 200)
    }

    /// The older daemon does not start beside a name in there that is none of an item.
    @Test(.enabled(if: PublisherSite.isPossible, Comment(rawValue: PublisherSite.requirement)))
    func daemonThatIsKilledWhileSomebodyPublishesLeavesNothing() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        #expect(try await site.publish("before\n", as: "before").error == nil)
        let publisher = try await site.client.start("slow", "never whole\n", "{'filename': <'half'>}")
        try publisher.waitForLine(containing: "half")
        daemon.process.kill(SIGKILL)
        _ = try daemon.process.wait()
        publisher.kill(SIGKILL)
        #expect(try site.stored() == [RawName("\(Digest(of: "before\n").hex)-before")])
    }

    // MARK: Items that are there already

    /// Some minutes of hashing.
    @Test func largeItemsKeepNeitherTheStartNorTheEndWaiting() throws {
        let site = try DaemonSite()
        for number in 0..<4 {
            try site.tree.truncate("var/lib/passim/data/0000-big\(number)", to: 1 << 38)
        }
        try site.put("file", "of the mirror\n")
        try site.share()
        let daemon = try site.start()
        #expect(try daemon.fetchWhenServed(Digest(of: "of the mirror\n")).status == 200)
        #expect(try daemon.process.terminate() == .exit(0))
    }

    @Test(.enabled(if: PublisherSite.isPossible, Comment(rawValue: PublisherSite.requirement)))
    func itemsAreNotReadAgainAtEachStart() async throws {
        let site = try PublisherSite()
        let first = try site.start()
        for number in 0..<3 {
            #expect(try await site.publish("item \(number)\n", as: "\(number)").error == nil)
        }
        // Killed or ended, it remembers.
        #expect(try await becomesTrue(within: 60) { site.site.tree.exists("var/lib/passim/item-digests") })
        #expect(try first.process.terminate() == .exit(0))
        let second = try site.start()
        try second.process.waitForLine(containing: "3 published items, 0 of them read")
        for number in 0..<3 { #expect(try second.fetch(Digest(of: "item \(number)\n")).status == 200) }
        // Whoever changes one of them has it read.
        #expect(try second.process.terminate() == .exit(0))
        let name = try #require(try site.stored().first)
        try site.site.tree.write(RawName("var/lib/passim/data").appending(name), "changed\n")
        let third = try site.start()
        try third.process.waitForLine(containing: "3 published items, 1 of them read")
        #expect(try third.fetch(Digest(of: "changed\n")).status == 200)
    }

    // MARK: Keys and disks

    @Test func administratorsKeyThatCannotBeUsedEndsTheStartWithTheReason() throws {
        let site = try DaemonSite()
        try site.tree.write("var/lib/passim/secret.key", "of another program\n", mode: 0o600)
        let daemon = try startSecond(site)
        #expect(try daemon.wait() == .exit(1))
        #expect(daemon.errorText.contains("var/lib/passim/secret.key: "), "\(daemon.errorText)")
        #expect(daemon.errorText.contains("passimd has not made this file and does not replace it"))
        #expect(try site.tree.read("var/lib/passim/secret.key") == Array("of another program\n".utf8))
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root to mount a tmpfs"))
    func whatAFullDiskKeptFromBeingSavedIsSavedAtTheStop() async throws {
        let disk = try SmallDisk(kibibytes: 512)
        let site = try DaemonSite(environment: ["LOCALSTATEDIR": disk.tree.path])
        let content = String(repeating: "x", count: 1000)
        try site.put("file", content)
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        func total() -> String? {
            (try? disk.tree.read("lib/passim/totals")).flatMap { $0.split(separator: 0x0A).first }.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        for _ in 0..<2 { #expect(try daemon.fetch(Digest(of: content)).status == 200) }
        #expect(await becomesTrue(within: 60) { total() == "2000" })
        // As much as fits.
        try? disk.tree.write("ballast", [UInt8](repeating: 1, count: 1 << 20))
        for _ in 0..<3 { #expect(try daemon.fetch(Digest(of: content)).status == 200) }
        try daemon.process.waitForLine(containing: "the total of bytes sent cannot be saved")
        try disk.tree.remove("ballast")
        #expect(try daemon.process.terminate() == .exit(0))
        #expect(total() == "5000")
    }
}
