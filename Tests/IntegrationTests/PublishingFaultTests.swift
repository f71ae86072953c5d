import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Publishing where the daemon is killed, the disk is full, or everybody wants the last share.
@Suite(
    .enabled(if: PublisherSite.isPossible, Comment(rawValue: PublisherSite.requirement)),
    .timeLimit(.minutes(10)))
struct PublishingFaultTests {
    /// Every item that is listed is fetched whole, and nothing else is in the directory.
    private func expectWhole(_ site: PublisherSite, _ daemon: DaemonProcess) async throws -> Set<Digest> {
        let listed = Set(try await site.items().compactMap { $0["hash"].flatMap { Digest(hex: $0) } })
        for digest in listed {
            let response = try daemon.fetch(digest)
            #expect(response.status == 200 && Digest(of: response.body) == digest, "\(digest)")
        }
        let stored = try site.stored()
        let files = stored.compactMap { Digest(hex: String($0.description.prefix(64))) }
        #expect(Set(files) == listed)
        #expect(stored.count == files.count, "\(stored)")
        return listed
    }

    @Test func daemonThatIsKilledLeavesWholeItemsOrNone() async throws {
        let site = try PublisherSite()
        var generator = SeededGenerator(seed: 200)
        var acknowledged: Set<Digest> = []
        var asked = 0
        for round in 0..<10 {
            let daemon = try site.start()
            let publisher = try await site.client.start("many", "20", "round \(round) ")
            // At some instant of these publishes, or before the first, or after the last.
            let wanted = Int.random(in: 0...20, using: &generator)
            if wanted > 0 { try publisher.waitForLine(containing: "published \(wanted) ") }
            var pause = timespec(tv_sec: 0, tv_nsec: Int.random(in: 0..<3_000_000, using: &generator))
            nanosleep(&pause, nil)
            daemon.process.kill(SIGKILL)
            _ = try daemon.process.wait()
            _ = try publisher.wait()
            asked += 20
            for line in publisher.errorText.split(separator: "\n") where line.hasPrefix("published ") {
                acknowledged.insert(try #require(Digest(hex: line.suffix(64))))
            }
            let next = try site.start()
            let listed = try await expectWhole(site, next)
            #expect(acknowledged.isSubset(of: listed))
            #expect(try next.process.terminate() == .exit(0))
        }
        #expect(asked == 200 && !acknowledged.isEmpty && acknowledged.count < 200)
    }

    @Test(.enabled(if: canMount)) func fullDiskIsAClearErrorAndLeavesNothing() async throws {
        let site = try PublisherSite(ownMounts: true)
        let data = site.site.tree.absolute("var/lib/passim/data")
        let daemon = try site.start(after: "mkdir -p \(data) && mount -t tmpfs -o size=256k none \(data)")
        #expect(try await site.publish("before\n", as: "before").error == nil)
        let big = String(repeating: "x", count: 300_000)
        let answer = try await site.publish(big, as: "big")
        #expect(answer.error == gioError(12))
        #expect(answer.message.contains("No space left"), "\(answer.message)")
        #expect(try daemon.fetch(Digest(of: big)).status == 404)
        #expect(
            try daemon.runAmongItsMounts("ls", "-A", data).text == "\(Digest(of: "before\n").hex)-before\n")
        // And there is room again.
        #expect(try await site.publish("after\n", as: "after").error == nil)
        for content in ["before\n", "after\n"] {
            #expect(try daemon.fetch(Digest(of: content)).text == content)
        }
    }

    @Test func exactlyTheLimitIsServedToManyAtOnce() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        let content = String(repeating: "0123456789abcdef", count: 65536)
        let digest = Digest(of: content)
        #expect(try await site.publish(content, ", 'share-limit': <uint32 10>").error == nil)
        let url = "https://localhost:\(daemon.port)/file?sha256=\(digest.hex)"
        var clients: [ChildProcess] = []
        for _ in 0..<64 {
            clients.append(
                try ChildProcess([
                    "curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out",
                    "%{stderr}%{http_code} %{size_download}", url,
                ]))
        }
        var answers: [String: Int] = [:]
        for client in clients {
            #expect(try client.wait() == .exit(0))
            let parts = client.errorText.split(separator: " ")
            answers[String(parts[0]), default: 0] += 1
            if parts[0] == "200" { #expect(parts[1] == "\(content.utf8.count)") }
        }
        #expect(answers == ["200": 10, "404": 54])
        #expect(try await becomesTrue(within: 60) { try site.stored().isEmpty })
        #expect(try await site.items().isEmpty)
        #expect(
            try await becomesTrue(within: 60) { try site.auditLog().count { $0.hasPrefix("SHARE ") } == 10 })
        #expect(try site.auditLog().last == "DELTE hash=\(digest.hex),basename=file")
    }

    @Test func publisherWhoStallsHoldsUpNobody() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        var stalling: [ChildProcess] = []
        for number in 0..<3 {
            stalling.append(
                try await site.client.start("stall", "content \(number)", "{'filename': <'a'>}"))
        }
        #expect(try await site.publish("content\n").error == nil)
        #expect(try daemon.fetch(Digest(of: "content\n")).text == "content\n")
        #expect(try await site.items().count == 1)
        // The daemon does not wait for them either.
        #expect(try daemon.process.terminate() == .exit(0))
        for client in stalling { _ = try client.wait() }
        let stored = try site.stored()
        #expect(stored == [RawName("\(Digest(of: "content\n").hex)-file")], "\(daemon.log)")
    }

    @Test func busThatRestartsHasTheDaemonAgain() async throws {
        let site = try PublisherSite()
        let daemon = try site.start()
        try site.bus.stop()
        try site.bus.start()
        let watcher = try await site.client.start("watch")
        if try await site.property("Status") == nil { try watcher.waitForLine(containing: "owner") }
        #expect(try await site.publish("content\n").error == nil)
        #expect(try daemon.fetch(Digest(of: "content\n")).status == 200)
    }
}
