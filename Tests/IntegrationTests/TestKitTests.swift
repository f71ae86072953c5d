import PassimCore
import PassimTestKit
import Testing

/// The machinery of the tests is tested where a fault in it would let tests pass.
struct TestKitTests {
    @Test func sameSeedGivesTheSameBytes() {
        var one = SeededGenerator(seed: 7)
        var other = SeededGenerator(seed: 7)
        var third = SeededGenerator(seed: 8)
        let bytes = one.bytes(100)
        #expect(bytes.count == 100)
        #expect(bytes == other.bytes(100))
        #expect(bytes != third.bytes(100))
    }

    @Test func commandGivesOutputErrorsAndStatus() throws {
        let outcome = try Command.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
        #expect(outcome.text == "out\n")
        #expect(outcome.errorText == "err\n")
        #expect(outcome.end == .exit(3))
    }

    @Test func commandThatIsKilledSaysSo() throws {
        #expect(try Command.run(["sh", "-c", "kill -9 $$"]).end == .signal(9))
    }

    @Test func missingProgramIsAnError() {
        #expect(throws: TestFailure.self) { try Command.run(["no-such-program-here"]) }
    }

    @Test func commandThatTakesTooLongIsEnded() {
        #expect(throws: TestFailure.self) { try Command.run(["sleep", "60"], seconds: 0.1) }
    }

    @Test func environmentIsAddedToAndRemovedFrom() throws {
        var setting = ChildProcess.Setting()
        setting.environment = ["PASSIM_ONE": "1", "HOME": nil]
        let text = try Command.succeed(["env"], setting).text
        #expect(text.contains("PASSIM_ONE=1\n"))
        #expect(!text.contains("\nHOME="))
        #expect(text.contains("PATH="))
    }

    @Test func lineIsFoundWhenItComesAndNotBeforeTheStart() throws {
        let child = try ChildProcess([
            "sh", "-c", "echo one >&2; echo two >&2; echo one again >&2; exec sleep 60",
        ])
        let first = try child.waitForLine(containing: "one")
        #expect(first.line == "one")
        #expect(try child.waitForLine(containing: "one", from: first.next).line == "one again")
        #expect(throws: TestFailure.self) { try child.waitForLine(containing: "three", seconds: 0.05) }
        #expect(try child.terminate() == .signal(15))
        #expect(throws: TestFailure.self) { try child.waitForLine(containing: "three") }
    }

    @Test func childDoesNotOutliveItsOwner() throws {
        var child: ChildProcess? = try ChildProcess(["sleep", "60"])
        let identifier = try #require(child?.identifier)
        child = nil
        #expect(try !Command.run(["test", "-d", "/proc/\(identifier)"]).succeeded)
    }

    @Test func largeOutputIsWhole() throws {
        let outcome = try Command.succeed(["head", "-c", "5000000", "/dev/zero"])
        #expect(outcome.output.count == 5_000_000)
    }

    @Test func treeGoesWhateverIsInIt() throws {
        var tree: TemporaryTree? = try TemporaryTree()
        let path = try #require(tree?.path)
        let name = RawName(bytes: [UInt8](repeating: 0x64, count: 255))
        var deep = RawName("deep")
        for _ in 0..<30 { deep = deep.appending(name) }
        try tree?.write(deep.appending(RawName("file")), "at the bottom")
        #expect(try tree?.read(deep.appending(RawName("file"))) == Array("at the bottom".utf8))
        try tree?.write(RawName(bytes: [0xFF, 0x0A]), "odd")
        try tree?.fifo("fifo")
        try tree?.socket("socket")
        try tree?.symlink("link", to: "/")
        try tree?.write("closed/file", "x")
        try tree?.changeMode("closed", 0)
        #expect(try Command.run(["test", "-d", path]).succeeded)
        tree = nil
        #expect(try !Command.run(["test", "-e", path]).succeeded)
    }

    @Test func factsOfAFileAreThoseThatWereSet() throws {
        let tree = try TemporaryTree()
        try tree.write("a/b", "content")
        let time = Timestamp(seconds: 1_234_567_890, nanoseconds: 123_456_789)
        try tree.setModified("a/b", time)
        try tree.changeMode("a/b", 0o640)
        let facts = try tree.status("a/b")
        #expect(facts.modified == time)
        #expect(facts.size == 7)
        #expect(facts.mode == 0o640)
        try tree.setAttribute("user.checksum.sha256", of: "a/b", "abc")
        #expect(try tree.attribute("user.checksum.sha256", of: "a/b") == "abc")
        #expect(try tree.attribute("user.other", of: "a/b") == nil)
        try tree.rename("a/b", to: "c")
        #expect(!tree.exists("a/b"))
        #expect(try tree.digest(of: "c") == Digest(of: "content"))
        try tree.overwrite("c", at: 3, Array("X".utf8))
        #expect(try tree.read("c") == Array("conXent".utf8))
    }
}

struct TreeChurnTests {
    @Test func sameSeedMakesTheSameChanges() throws {
        func journal(_ seed: UInt64) throws -> [String] {
            let tree = try TemporaryTree()
            let churn = try TreeChurn(tree, "mirror", seed: seed, files: 30...60)
            for _ in 0..<300 { try churn.step() }
            return churn.journal
        }
        #expect(try journal(7) == journal(7))
        #expect(try journal(7) != journal(8))
    }

    @Test func modelKnowsWhatIsThere() throws {
        let tree = try TemporaryTree()
        let churn = try TreeChurn(tree, "mirror", seed: SeededGenerator().seed, files: 50...100)
        for _ in 0..<10 {
            for _ in 0..<100 { try churn.step() }
            try churn.settle()
            let found = try FreshScan(of: tree.absolute("mirror")).digests
            #expect(found.isSubset(of: churn.currentDigests), "seed \(churn.seed)")
            #expect(found.isSubset(of: churn.history.all))
            // The others are symlinks, further names of one file, excluded, or closed to others.
            #expect(found.count > 10, "seed \(churn.seed)")
        }
        #expect(churn.history.all.count > 300)
        #expect(Set(churn.history.all).count == churn.history.all.count)
    }
}

struct FreshScanTests {
    @Test func whatIsExcludedOrNoFileIsNotFound() throws {
        let tree = try TemporaryTree()
        let shared = [
            "a", ".hidden", "sub/b", "partial file", "x/.git file", "a.tmp.b", ".name.12345", "n.123456",
        ]
        let others = [
            ".name.123456", "a.tmp", "sub/b.part", "c.aria2", "d.aria2__temp", "e.FAILED", "partial/f",
            "sub/partial/g/h", ".~tmp~/i", ".rsync-partial/j", "tmpdir.AbC123/k", ".repodata/l",
            "x/.git/m", "lost+found/n", "dir.tmp/o",
        ]
        for path in shared + others { try tree.write("mirror/\(path)", "content of \(path)") }
        try tree.write(RawName("mirror").appending(RawName(bytes: [0xFF, 0x0A, 0x5C])), "odd")
        try tree.symlink("mirror/link", to: "a")
        try tree.symlink("mirror/dirlink", to: "sub")
        try tree.fifo("mirror/fifo")
        try tree.symlink("current", to: "mirror")
        for directory in ["mirror", "current"] {
            var wanted = shared.reduce(into: [:]) { $0[RawName($1)] = Digest(of: "content of \($1)") }
            wanted[RawName(bytes: [0xFF, 0x0A, 0x5C])] = Digest(of: "odd")
            #expect(try FreshScan(of: tree.absolute(directory)).files == wanted)
        }
        #expect(try FreshScan(of: tree.absolute("nothing")).files.isEmpty)
    }

    @Test(.enabled(if: isRoot, "needs root to look as another user"))
    func whatTheUserCannotReadIsNotFound() throws {
        let tree = try TemporaryTree()
        try tree.write("readable", "readable")
        try tree.write("closed", "closed", mode: 0o600)
        try tree.write("no entry/a", "a")
        try tree.changeMode("no entry", 0o744)
        try tree.write("no list/a", "a")
        try tree.changeMode("no list", 0o711)
        var setting = ChildProcess.Setting()
        setting.user = DaemonSite.unprivileged
        #expect(try FreshScan(of: tree.path, setting).files.count == 1)
        #expect(try FreshScan(of: tree.path).files.count == 4)
    }
}

@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)))
struct AvahiHostTests {
    @Test(.timeLimit(.minutes(2))) func hitThatGoesWhileItIsResolvedIsNotWaitedFor() throws {
        let lan = try Lan()
        let hosts = try [AvahiHost(lan.server, name: "alpha"), AvahiHost(lan.client, name: "beta")]
        // Nobody has its address, so that it is resolved until it goes.
        let leaving = try ChildProcess(
            [
                "timeout", "4", "avahi-publish", "--service", "--host=nobody.local", "leaving", "_cache._tcp",
                "9",
            ],
            hosts[0].setting)
        try leaving.waitForLine(containing: "Established")
        #expect(try hosts[1].browse("_cache._tcp", seconds: 10).isEmpty)
    }
}

struct HTTPResponseTests {
    @Test func headAndBodyAreTakenApart() throws {
        let response = try HTTPResponse(
            whole: Array("HTTP/1.1 200 OK\r\nA: 1\r\nb:2\r\nA: 3\r\n\r\nbody\r\n\r\nmore".utf8))
        #expect(response.status == 200)
        #expect(response.version == "HTTP/1.1")
        #expect(response["B"] == "2")
        #expect(response["a"] == nil)
        #expect(response.values(of: "a") == ["1", "3"])
        #expect(response.text == "body\r\n\r\nmore")
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\nA: 1\n\n", "HTTP/1.1 20 OK\r\n\r\n", "200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA 1\r\n\r\n", "HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n",
    ])
    func malformedResponseIsAnError(text: String) {
        #expect(throws: TestFailure.self) { try HTTPResponse(whole: Array(text.utf8)) }
    }
}

@Suite(.enabled(if: Lan.isPossible, Comment(rawValue: Lan.requirement)))
struct LanTests {
    @Test func hostsSeeEachOtherAndNothingElse() throws {
        var lan: Lan? = try Lan()
        let name = try #require(lan?.server)
        var setting = ChildProcess.Setting()
        setting.namespace = name
        let routes = try Command.succeed(["ip", "route"], setting).text
        #expect(routes.split(separator: "\n").count == 1)
        #expect(routes.hasPrefix("10.77.0.0/24 dev lan0"))
        setting.namespace = lan?.client
        let ping = ["timeout", "5", "bash", "-c", "exec 3<>/dev/tcp/\(Lan.serverAddress)/9"]
        // Nobody listens, but somebody says so.
        #expect(try Command.run(ping, setting).errorText.contains("Connection refused"))
        lan = nil
        #expect(try !Command.succeed(["ip", "netns", "list"]).text.contains(name))
    }
}
