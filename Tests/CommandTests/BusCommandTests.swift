import PassimBus
import PassimCore
import PassimTestKit
import Testing

@testable import passim

/// The commands that ask the daemon, over a real bus.
@Suite struct BusCommandTests {
    private func item(_ number: UInt64) -> ItemDescription {
        ItemDescription(
            digest: Digest(words: (number, 1, 2, 3)), filename: RawName("file-\(number)"), size: number,
            created: 1_600_000_000)
    }

    // MARK: What is shown

    @Test func versionsAreBothPrinted() async throws {
        let outcome = try await CommandFixture.make().passim("--version")
        #expect(outcome.end == .exit(0))
        #expect(outcome.text == "client version: \(passimVersion)\ndaemon version: 7.8.9\n")
    }

    @Test func statusEndsWithTwoForAnErrorAndNotForAWarning() async throws {
        let fixture = try await CommandFixture.make()
        let good = DirectoryStatus(dropIn: "a.conf", path: "/srv/a", state: .watching)
        let warning = Trouble(
            .warning, .disk, subject: "/srv", "the disk is nearly full", command: "df -h /srv")
        let error = Trouble(.error, .discovery, "nobody finds it", why: "no Avahi", since: 1_600_000_000)
        for (directories, troubles, word, status) in [
            ([], [], "OK", 0), ([good], [], "OK", 0), ([good], [warning], "WARNING", 0),
            ([good], [warning, error], "ERROR", 2),
        ] {
            fixture.daemon.state.withLock {
                $0.properties.mirror?.directories = directories
                $0.properties.mirror?.troubles = troubles
            }
            let text = try await fixture.passim("status")
            #expect(text.end == .exit(Int32(status)))
            #expect(text.text.hasPrefix("\(word): "), "\(text.text)")
            for directory in directories { #expect(text.text.contains(directory.dropIn)) }
            for trouble in troubles { #expect(text.text.contains(trouble.sentence)) }
            let json = try await fixture.passim("status", "--json")
            #expect(json.end == .exit(Int32(status)))
            let program = """
                import json, sys
                status = json.loads(sys.argv[1])
                print(status["verdict"], len(status["directories"]), [problem["do"] for problem in status["problems"]])
                """
            let commands = troubles.reversed().map { "'\($0.command)'" }.joined(separator: ", ")
            #expect(
                try Command.succeed(["python3", "-c", program, json.text]).text
                    == "\(word.lowercased()) \(directories.count) [\(commands)]\n")
        }
    }

    @Test func statusShowsFilesWhereTheyAreAskedFor() async throws {
        let fixture = try await CommandFixture.make()
        fixture.daemon.state.withLock { $0.items = (0..<12).map(item) }
        #expect(try await !fixture.passim("status").text.contains("file-"))
        let outcome = try await fixture.passim("status", "file")
        #expect(outcome.text.contains("file-9\nItems 1 to 10 of 12.\n"))
        #expect(try await fixture.passim("status", "--limit", "20").text.hasSuffix("  file-11\n"))
    }

    @Test func listGoesPageByPage() async throws {
        let fixture = try await CommandFixture.make()
        fixture.daemon.state.withLock { $0.items = (0..<10_000).map(item) }
        let json = try await fixture.passim("list", "--json")
        #expect(json.end == .exit(0))
        #expect(fixture.daemon.state.withLock { $0.pages } == ["0 4096 ", "4096 4096 ", "8192 4096 "])
        try fixture.tree.write("list.json", json.output)
        let program = """
            import json
            found = json.load(open("list.json"))
            print(found["total"], found["offset"], [item["size"] for item in found["items"]] == list(range(10000)))
            """
        #expect(try await fixture.shell("python3 -c '\(program)'").text == "10000 0 True\n")
        let text = try await fixture.passim("list")
        #expect(text.text.split(separator: "\n").count == 10_001)
    }

    @Test func dumpHasALineForEachFileWithNumbersOnly() async throws {
        let fixture = try await CommandFixture.make()
        var published = item(1)
        published.lifetime = Lifetime(maxAge: 60, shareLimit: 5)
        published.shareCount = 2
        published.filename = RawName("a b\u{1B}")
        fixture.daemon.state.withLock { $0.items = [published, item(2)] }
        let outcome = try await fixture.passim("dump")
        #expect(outcome.end == .exit(0))
        #expect(
            outcome.text == """
                \(published.digest.hex) a b\\x1b (max-age: 60, share-count: 2, share-limit: 5)
                \(item(2).digest.hex) file-2 (max-age: 4294967295, share-count: 0, share-limit: 4294967295)

                """)
    }

    @Test func listIsCutAndFiltered() async throws {
        let fixture = try await CommandFixture.make()
        fixture.daemon.state.withLock { $0.items = (0..<100).map(item) }
        let cut = try await fixture.passim("list", "--offset", "5", "--limit", "2")
        let lines = cut.text.split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[1].hasSuffix("  file-5"))
        #expect(lines[1].hasPrefix(item(5).digest.hex))
        #expect(lines[3] == "Items 6 to 7 of 100.")
        let filtered = try await fixture.passim("list", "e-9", "--limit", "3")
        #expect(filtered.text.hasSuffix("Items 1 to 3 of 11.\n"))
        #expect(try await fixture.passim("list", "none").text == "No items match none.\n")
        #expect(try await fixture.passim("list", "--offset", "200").text == "No items there: 100 in all.\n")
        let pages = fixture.daemon.state.withLock { $0.pages }
        #expect(pages == ["5 2 ", "0 3 e-9", "0 4096 none", "200 4096 "])
    }

    @Test func listEndsWithWhoReadsIt() async throws {
        let fixture = try await CommandFixture.make()
        fixture.daemon.state.withLock { $0.items = (0..<10_000).map(item) }
        let outcome = try await fixture.shell("$passim list | head -1 | cut -c 1-7; echo ${PIPESTATUS[0]}")
        #expect(outcome.text == "SHA-256\n141\n")
        #expect(outcome.errorText == "")
    }

    // MARK: publish, unpublish, rescan

    @Test func fileIsPublished() async throws {
        let fixture = try await CommandFixture.make()
        try fixture.tree.write("directory/file.txt", "content")
        let hash = Digest(of: "content").hex
        let first = try await fixture.passim("publish", "directory/file.txt")
        #expect(first.end == .exit(0))
        #expect(first.text == "Published: \(hash) file.txt (for 24 h, 5 downloads)\n")
        #expect(fixture.daemon.state.withLock { $0.content } == Array("content".utf8))
        let second = try await fixture.passim("publish", "directory/file.txt", "60", "1")
        #expect(second.text == "Published: \(hash) file.txt (for 60 s, 1 download)\n")
        for arguments in [["publish", "--next-reboot"], ["--next-reboot", "publish"]] {
            let third = try await fixture.shell(
                "$passim \(arguments.joined(separator: " ")) directory/file.txt 7 4294967295")
            #expect(
                third.text
                    == "Published: \(hash) file.txt (for 7 s, any number of downloads, after the next boot)\n"
            )
        }
        let requests = fixture.daemon.state.withLock { $0.published }
        try #require(requests.count == 4)
        #expect(requests.map(\.filename) == Array(repeating: RawName("file.txt"), count: 4))
        #expect(requests.map(\.cmdline) == Array(repeating: "passim", count: 4))
        #expect(requests[0].lifetime == Lifetime())
        #expect(requests[1].lifetime == Lifetime(maxAge: 60, shareLimit: 1))
        #expect(requests[2].lifetime == Lifetime(maxAge: 7, shareLimit: .max))
        #expect(requests.map(\.flags.rawValue) == [0, 0, 3, 3])
    }

    @Test func numbersAndMoreArgumentsAreAsWithTheOlderCommand() async throws {
        let fixture = try await CommandFixture.make()
        try fixture.tree.write("file", "content")
        let outcome = try await fixture.passim("publish", "file", "60s", " 7x", "more", "still more")
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(outcome.errorText == "passim: ignored arguments: more still more\n")
        let request = fixture.daemon.state.withLock { $0.published.first }
        #expect(request?.lifetime == Lifetime(maxAge: 60, shareLimit: 7))
    }

    @Test func refusalIsSaid() async throws {
        let fixture = try await CommandFixture.make()
        try fixture.tree.write("file", "content")
        fixture.daemon.state.withLock { $0.failure = .exists(Digest(of: "content")) }
        let outcome = try await fixture.passim("publish", "file")
        #expect(outcome.end == .exit(1))
        #expect(outcome.text == "")
        #expect(outcome.errorText == "passim: \(Digest(of: "content").hex) is already being shared\n")
        for path in ["none", "."] {
            let outcome = try await fixture.passim("publish", path)
            #expect(outcome.end == .exit(1))
            #expect(outcome.errorText.hasPrefix("passim: \(path)"))
        }
    }

    @Test func fileIsUnpublished() async throws {
        let fixture = try await CommandFixture.make()
        let hash = Digest(of: "content").hex
        let outcome = try await fixture.passim("unpublish", hash.uppercased())
        #expect(outcome.end == .exit(0))
        #expect(outcome.text == "Unpublished: \(hash)\n")
        #expect(fixture.daemon.state.withLock { $0.unpublished } == [hash])
    }

    @Test func directoriesAreWalkedAgain() async throws {
        let fixture = try await CommandFixture.make()
        let outcome = try await fixture.passim("rescan")
        #expect(outcome.end == .exit(0))
        #expect(fixture.daemon.state.withLock { $0.rescans } == 1)
    }

    @Test(.enabled(if: ProgramTests.isRoot, "needs root"))
    func othersMayLookAndNotPublish() async throws {
        let fixture = try await CommandFixture.make()
        try fixture.tree.write("file", "content")
        #expect(try await fixture.passimAsNobody("status").end == .exit(0))
        #expect(try await fixture.passimAsNobody("list").end == .exit(0))
        let hash = Digest(of: "content").hex
        for arguments in [["publish", "file"], ["unpublish", hash], ["rescan"]] {
            let outcome =
                try await arguments.count == 1
                ? fixture.passimAsNobody(arguments[0]) : fixture.passimAsNobody(arguments[0], arguments[1])
            #expect(outcome.end == .exit(1))
            #expect(outcome.errorText.contains("root"), "\(arguments): \(outcome.errorText)")
            // A command that can be pasted.
            let command = "\n        sudo passim \(arguments.joined(separator: " "))\n"
            #expect(outcome.errorText.hasSuffix(command), "\(outcome.errorText)")
        }
        #expect(
            fixture.daemon.state.withLock {
                $0.published.isEmpty && $0.unpublished.isEmpty && $0.rescans == 0
            })
    }

    // MARK: Without a daemon

    @Test func withoutADaemonItSaysWhatToStart() async throws {
        let bus = try await onOwnThread { try SystemBus() }
        let program = try Products.path(of: "passim")
        for arguments in [["status"], ["list"], ["rescan"], ["download", "a", Digest(of: "").hex]] {
            let outcome = try await onOwnThread { try Command.run([program] + arguments, bus.setting()) }
            #expect(outcome.end == .exit(1))
            #expect(
                outcome.errorText == "passim: passimd is not running\n        systemctl enable --now passim\n"
            )
        }
    }
}
