import PassimCore
import PassimTestKit
import Testing

/// Drop-ins that come, change and go under a running daemon, which nobody tells. Another one's files are
/// fetched all the while.
struct LiveDropInTests {
    let site: DaemonSite
    let daemon: DaemonProcess
    let steady: SteadyClient
    var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite()
        try site.put("steady", "steady")
        try site.put("sub/steady", "steady too")
        try site.share()
        daemon = try site.start()
        try daemon.firstPass()
        steady = try SteadyClient(daemon, "steady", "steady too")
        for name in ["a", "b", "sub/c"] {
            try tree.write("one/\(name)", "one \(name)")
            try tree.write("two/\(name)", "two \(name)")
        }
    }

    /// All that the daemon shares: the steady files and so many more.
    private func expectShared(besides count: Int) throws {
        try daemon.waitForSharedFiles { $0 == 2 + count }
        #expect(try steady.stop() > 0)
        #expect(daemon.isRunning)
    }

    // MARK: The files of passim.d

    @Test func addedDropInIsServed() throws {
        try site.share("one", as: "one")
        try daemon.expectServed("one a", "one b", "one sub/c")
        try site.share("two", as: "two")
        try daemon.expectServed("two a", "two b", "two sub/c")
        // And followed.
        try tree.write("one/sub/late", "one late")
        try daemon.expectServed("one late")
        try expectShared(besides: 7)
    }

    @Test func dropInMovedIntoPlaceIsServed() throws {
        try tree.write("one.conf", "[passim]\nPath=\(tree.absolute("one"))\n")
        try tree.rename("one.conf", to: "etc/passim.d/one.conf")
        try daemon.expectServed("one a", "one b", "one sub/c")
        // Replaced, as editors do.
        try tree.write("etc/passim.d/.one.conf.swp", "[passim]\nPath=\(tree.absolute("two"))\n")
        try tree.rename("etc/passim.d/.one.conf.swp", to: "etc/passim.d/one.conf")
        try daemon.expectServed("two a", "two b", "two sub/c")
        try daemon.expectUnknown("one a", "one b", "one sub/c")
        try expectShared(besides: 3)
    }

    @Test func removedDropInIsNotServedAnyMore() throws {
        try site.share("one", as: "one")
        try site.share("two", as: "two")
        try daemon.expectServed("one sub/c", "two sub/c")
        try tree.remove("etc/passim.d/one.conf")
        try daemon.expectUnknown("one a", "one b", "one sub/c")
        try daemon.expectServed("two a", "two b", "two sub/c")
        try expectShared(besides: 3)
    }

    @Test func changedExcludeIsFollowed() throws {
        try site.share("one", as: "one")
        try daemon.expectServed("one a", "one sub/c")
        try site.share("one", as: "one", "Exclude=a")
        try daemon.expectUnknown("one a")
        try daemon.expectServed("one b", "one sub/c")
        try site.share("one", as: "one", "Exclude=sub/")
        try daemon.expectServed("one a")
        try daemon.expectUnknown("one sub/c")
        try site.share("one", as: "one", "Recursive=false", "Include=b")
        try daemon.expectUnknown("one a", "one sub/c")
        try daemon.expectServed("one b")
        try site.share("one", as: "one")
        try daemon.expectServed("one a", "one b", "one sub/c")
        // What was not watched before is now.
        try tree.write("one/sub/late", "one late")
        try daemon.expectServed("one late")
        try expectShared(besides: 4)
    }

    @Test func changedPathIsFollowed() throws {
        try site.share("one", as: "one")
        try daemon.expectServed("one a")
        for _ in 0..<3 {
            try site.share("two", as: "one")
            try daemon.expectServed("two a", "two sub/c")
            try daemon.expectUnknown("one a", "one sub/c")
            try site.share("one", as: "one")
            try daemon.expectServed("one a", "one sub/c")
            try daemon.expectUnknown("two a", "two sub/c")
        }
        try tree.write("two/late", "two late")
        try tree.write("one/late", "one late")
        try daemon.expectServed("one late")
        try expectShared(besides: 4)
    }

    @Test func renamedDropInIsFollowed() throws {
        try site.share("one", as: "one")
        try daemon.expectServed("one a")
        try tree.rename("etc/passim.d/one.conf", to: "etc/passim.d/other.conf")
        try tree.write("one/late", "one late")
        try daemon.expectServed("one late", "one a", "one sub/c")
        try tree.rename("etc/passim.d/other.conf", to: "etc/passim.d/other.conf.off")
        try daemon.expectUnknown("one a", "one b", "one sub/c", "one late")
        try tree.rename("etc/passim.d/other.conf.off", to: "etc/passim.d/one.conf")
        try daemon.expectServed("one a", "one b", "one sub/c", "one late")
        try expectShared(besides: 4)
    }

    @Test func malformedDropInIsNamedAndServedAgainWhenItIsMended() throws {
        try site.share("one", as: "one")
        try daemon.expectServed("one a")
        for content in ["no keyfile at all", "[passim]\n", "[passim]\nPath=relative\n", "\u{0}"] {
            let start = daemon.log.split(separator: "\n").count
            try tree.write("etc/passim.d/one.conf", content)
            try daemon.process.waitForLine(containing: "one.conf", from: start, seconds: 10)
            try daemon.expectUnknown("one a", "one sub/c")
            try site.share("one", as: "one")
            try daemon.expectServed("one a", "one b", "one sub/c")
        }
        try expectShared(besides: 3)
    }

    @Test func newDropInThatIsMalformedIsNamedAndServedWhenItIsMended() throws {
        try tree.write("etc/passim.d/one.conf", "[passim]\nPth=\(tree.absolute("one"))\n")
        try daemon.process.waitForLine(containing: "one.conf", seconds: 10)
        try site.share("one", as: "one")
        try daemon.expectServed("one a", "one b", "one sub/c")
        try expectShared(besides: 3)
    }

    /// A drop-in is read when it is closed.
    @Test func dropInWrittenPieceByPieceIsReadOnce() throws {
        let file = try HeldFile(tree, "etc/passim.d/one.conf")
        try file.write("[passim]\n")
        try file.write("Path=\(tree.absolute("tw"))")
        try site.share("two", as: "two")
        try daemon.expectServed("two a")
        try file.write("o/sub\n")
        file.close()
        // Twice, once for each drop-in.
        try expectShared(besides: 4)
        let lines = daemon.log.split(separator: "\n")
        #expect(!lines.contains { $0.contains("one.conf") && $0.contains("warning") }, "\(daemon.log)")
    }

    @Test func hundredDropInsComeAndGo() throws {
        for number in 0..<100 {
            try tree.write("many/\(number)/file", "of \(number)")
            try site.share("many/\(number)", as: "many\(number)")
        }
        for number in [0, 50, 99] { try daemon.expectServed("of \(number)", seconds: 30) }
        for number in 0..<100 where number % 2 == 0 { try tree.remove("etc/passim.d/many\(number).conf") }
        try daemon.expectUnknown("of 0", "of 50", "of 98")
        try daemon.expectServed("of 1", "of 51", "of 99")
        try expectShared(besides: 50)
    }

    /// Of one file nobody can have much said or done.
    @Test func dropInOfNinetyThousandUnknownKeysHoldsUpNothing() throws {
        let keys = (0..<90_000).map { "k\($0)=\n" }.joined()
        try tree.write("etc/passim.d/keys.conf", "[passim]\nPath=\(tree.absolute("two"))\n\(keys)")
        try tree.write("etc/passim.d/keys.conf", "[passim]\nPath=\(tree.absolute("two"))\n\(keys)y=\n")
        try site.share("one", as: "one")
        try daemon.expectServed("one a", "two a", seconds: 40)
        #expect(daemon.log.split(separator: "\n").count { $0.contains("keys.conf") } <= 42)
        #expect(try steady.stop() > 0)
        #expect(try daemon.process.terminate() == .exit(0))
    }

    @Test func tenThousandBrokenDropInsHoldUpNothing() throws {
        for number in 0..<10_000 { try tree.write("broken/\(number).conf", "[passim]\nPth=/\n") }
        try Command.succeed([
            "sh", "-c", "mv '\(tree.absolute("broken"))'/* '\(tree.absolute("etc/passim.d"))'",
        ])
        try site.share("one", as: "one")
        try daemon.expectServed("one a", seconds: 60)
        try site.share("two", as: "two")
        try daemon.expectServed("two a", seconds: 60)
        #expect(try steady.stop() > 0)
        #expect(try daemon.process.terminate() == .exit(0))
    }

    // MARK: Overlapping directories

    @Test func fileOfTwoDropInsIsServedUntilTheLastOfThemGoes() throws {
        try site.share("one", as: "whole")
        try site.share("one/sub", as: "sub")
        try site.share("one", as: "twin")
        try daemon.expectServed("one a", "one sub/c")
        // Each has it before another one goes.
        try daemon.waitForSharedFiles { $0 == 2 + 3 + 1 + 3 }
        let both = try SteadyClient(daemon, "one sub/c")
        try tree.remove("etc/passim.d/whole.conf")
        try daemon.waitForSharedFiles { $0 == 2 + 1 + 3 }
        try tree.remove("etc/passim.d/twin.conf")
        try daemon.expectUnknown("one a", "one b")
        try daemon.waitForSharedFiles { $0 == 2 + 1 }
        #expect(try both.stop() > 0)
        try tree.write("one/sub/late", "one late")
        try daemon.expectServed("one late", "one sub/c")
        try tree.remove("etc/passim.d/sub.conf")
        try daemon.expectUnknown("one sub/c", "one late")
        try expectShared(besides: 0)
    }

    /// The watch of a directory that two drop-ins have serves both.
    @Test func changesAreSeenByAllDropInsThatHaveThem() throws {
        try site.share("one", as: "whole")
        try site.share("one/sub", as: "sub")
        try daemon.waitForSharedFiles { $0 == 2 + 3 + 1 }
        try tree.write("one/sub/new", "new")
        try daemon.waitForSharedFiles { $0 == 2 + 4 + 2 }
        try tree.remove("etc/passim.d/sub.conf")
        try daemon.waitForSharedFiles { $0 == 2 + 4 }
        try tree.write("one/sub/newer", "newer")
        try daemon.expectServed("newer")
        try tree.rename("one/sub", to: "one/moved")
        try tree.write("one/moved/newest", "newest")
        try daemon.expectServed("newest", "newer", "new", "one sub/c")
        try expectShared(besides: 6)
    }

    // MARK: The directories that they name

    @Test func missingDirectoryIsServedWhenItAppears() throws {
        try site.share("later", as: "later")
        try daemon.process.waitForLine(containing: tree.absolute("later"), seconds: 10)
        try tree.write("later/sub/file", "later")
        try daemon.expectServed("later")
        try Command.succeed(["rm", "-r", tree.absolute("later")])
        try daemon.expectUnknown("later")
        try tree.rename("one", to: "later")
        try daemon.expectServed("one a", "one b", "one sub/c")
        try expectShared(besides: 3)
    }

    @Test func directoryWhoseParentsAreMissingIsServedWhenItAppears() throws {
        try site.share("p/q/r/later", as: "later")
        try daemon.process.waitForLine(containing: tree.absolute("p/q/r/later"), seconds: 10)
        try tree.makeDirectory("p")
        try site.share("one", as: "one")
        try daemon.expectServed("one a")
        try tree.write("p/q/r/later/sub/file", "later")
        try daemon.expectServed("later")
        // Away and back with all above it.
        try tree.rename("p", to: "away")
        try daemon.expectUnknown("later")
        try tree.write("away/q/r/later/sub/more", "more")
        try tree.rename("away", to: "p")
        try daemon.expectServed("later", "more")
        try tree.rename("p/q", to: "p/away")
        try daemon.expectUnknown("later", "more")
        try tree.rename("p/away", to: "p/q")
        try daemon.expectServed("later", "more")
        try expectShared(besides: 5)
    }

    /// As `mv new current`, where current is made anew each time.
    @Test func directoryReplacedByAnotherIsFollowed() throws {
        try site.share("current", as: "current")
        try tree.rename("one", to: "current")
        try daemon.expectServed("one a", "one sub/c")
        try tree.rename("current", to: "old")
        try tree.rename("two", to: "current")
        try daemon.expectServed("two a", "two b", "two sub/c")
        try daemon.expectUnknown("one a", "one b", "one sub/c")
        try tree.exchange("current", with: "old")
        try daemon.expectServed("one a", "one b", "one sub/c")
        try daemon.expectUnknown("two a", "two b", "two sub/c")
        try tree.write("current/sub/late", "late")
        try tree.write("old/sub/unseen", "unseen")
        try daemon.expectServed("late")
        #expect(try daemon.fetch(Digest(of: "unseen")).status == 404)
        try expectShared(besides: 4)
    }

    /// rename(2) of a directory over an empty one.
    @Test func emptyDirectoryReplacedByAnotherIsFollowed() throws {
        try tree.makeDirectory("current")
        try site.share("current", as: "current")
        try tree.write("current/file", "in the empty one")
        try daemon.expectServed("in the empty one")
        try tree.remove("current/file")
        try tree.rename("one", to: "current")
        try daemon.expectServed("one a", "one b", "one sub/c")
        try tree.write("current/late", "late")
        try daemon.expectServed("late")
        try expectShared(besides: 4)
    }

    @Test func symlinkThatIsPointedElsewhereIsFollowed() throws {
        try tree.symlink("current", to: "one")
        try site.share("current", as: "current")
        try daemon.expectServed("one a", "one sub/c")
        for (target, other) in [("two", "one"), ("one", "two"), ("two", "one")] {
            try Command.succeed(["ln", "-sfn", target, tree.absolute("current")])
            try daemon.expectServed("\(target) a", "\(target) b", "\(target) sub/c")
            try daemon.expectUnknown("\(other) a", "\(other) b", "\(other) sub/c")
        }
        // At once, as deployments do.
        try tree.symlink("next", to: "one")
        try tree.rename("next", to: "current")
        try daemon.expectServed("one a", "one b", "one sub/c")
        try daemon.expectUnknown("two a", "two b", "two sub/c")
        try tree.write("one/sub/late", "late")
        try daemon.expectServed("late")
        try expectShared(besides: 4)
    }

    @Test func symlinkAboveTheDirectoryIsFollowed() throws {
        try tree.symlink("release", to: "one")
        try site.share("release/sub", as: "release")
        try daemon.expectServed("one sub/c")
        try Command.succeed(["ln", "-sfn", "two", tree.absolute("release")])
        try daemon.expectServed("two sub/c")
        try daemon.expectUnknown("one sub/c")
        try expectShared(besides: 1)
    }

    @Test func danglingSymlinkIsFollowedWhenItsTargetAppears() throws {
        try tree.symlink("current", to: "target/later")
        try site.share("current", as: "current")
        try daemon.process.waitForLine(containing: tree.absolute("current"), seconds: 10)
        try tree.write("target/later/file", "later")
        try daemon.expectServed("later")
        try expectShared(besides: 1)
    }

    @Test func directoryThatIsRemovedAndMadeAgainIsFollowed() throws {
        try site.share("one", as: "one")
        try daemon.expectServed("one a")
        for round in 0..<10 {
            try Command.succeed(["rm", "-rf", tree.absolute("one")])
            if round % 2 == 0 { try daemon.expectUnknown("one a", "one sub/c") }
            try tree.write("one/sub/again", "round \(round)")
            try daemon.expectServed("round \(round)")
        }
        try daemon.expectUnknown("one a", "round 8")
        try expectShared(besides: 1)
    }

    @Test func directoryThatBecomesAFileIsMissing() throws {
        try site.share("one", as: "one")
        try daemon.expectServed("one a")
        try tree.rename("one", to: "away")
        try tree.write("one", "a file")
        try daemon.expectUnknown("one a", "one sub/c")
        try tree.remove("one")
        try tree.rename("away", to: "one")
        try daemon.expectServed("one a", "one b", "one sub/c")
        try expectShared(besides: 3)
    }
}

/// passim.d itself comes and goes.
struct DropInDirectoryTests {
    let site: DaemonSite
    var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite()
        try site.put("file", "content")
    }

    @Test func directoryMadeAfterTheStartIsRead() throws {
        try tree.remove("etc/passim.d")
        let daemon = try site.start()
        try daemon.firstPass()
        try site.share()
        try daemon.expectServed("content")
        try site.put("late", "late")
        try daemon.expectServed("late")
    }

    @Test func directoryThatIsRemovedAndMadeAgainIsRead() throws {
        try site.share()
        let daemon = try site.start()
        try daemon.expectServed("content")
        for _ in 0..<3 {
            try Command.succeed(["rm", "-r", tree.absolute("etc/passim.d")])
            try daemon.expectUnknown("content")
            try site.share()
            try daemon.expectServed("content")
        }
    }

    @Test func directoryThatIsReplacedIsRead() throws {
        try site.share()
        let daemon = try site.start()
        try daemon.expectServed("content")
        try tree.write("other/file", "other content")
        try tree.write("etc/new.d/other.conf", "[passim]\nPath=\(tree.absolute("other"))\n")
        try tree.exchange("etc/new.d", with: "etc/passim.d")
        try daemon.expectServed("other content")
        try daemon.expectUnknown("content")
        try site.share()
        try daemon.expectServed("content", "other content")
    }
}
