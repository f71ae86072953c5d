import PassimCore
import PassimTestKit
import Testing

/// What is being written is not shared before it is complete, and at once then.
struct CompleteFileTests {
    let live: LiveMirror
    var tree: TemporaryTree { live.tree }
    var daemon: DaemonProcess { live.daemon }

    init() throws {
        live = try LiveMirror {
            try $0.put("marker", "the first marker")
            try $0.put("other", "another file")
        }
    }

    /// Waits until the daemon has come to a file that was changed after everything else.
    private func settle(_ count: Int) throws {
        try tree.write("mirror/marker", "marker \(count)")
        #expect(try daemon.fetchWhenServed(Digest(of: "marker \(count)")).status == 200)
    }

    /// That only the two files of the start are shared, and none of these.
    private func expectUnshared(_ contents: [String]) throws {
        for count in 0..<3 {
            try settle(count)
            try daemon.waitForSharedFiles { $0 == 2 }
        }
        for content in contents { #expect(try daemon.fetch(Digest(of: content)).status == 404) }
    }

    // MARK: Files held open

    @Test func fileIsServedWhenItIsClosedAndNotBefore() throws {
        let file = try HeldFile(tree, "mirror/held")
        var parts = [""]
        for piece in ["a", "b", String(repeating: "c", count: 1 << 20), "d"] {
            try file.write(piece)
            parts.append(parts.last! + piece)
            try expectUnshared(parts)
        }
        file.close()
        #expect(try daemon.fetchWhenServed(Digest(of: parts.last!)).status == 200)
        for part in parts.dropLast() { #expect(try daemon.fetch(Digest(of: part)).status == 404) }
        try live.expectFresh()
    }

    /// Longer than the 2 s for which a file that a scan finds is left alone.
    @Test func fileIsLeftAloneForAsLongAsItIsOpen() throws {
        let file = try HeldFile(tree, "mirror/held")
        try file.write("the first part")
        let end = ContinuousClock.now + .seconds(3)
        while ContinuousClock.now < end { try expectUnshared(["", "the first part"]) }
        try file.write(", the second part")
        file.close()
        try daemon.expectServed("the first part, the second part")
    }

    @Test func fileThatIsAppendedToIsUnknownUntilItIsClosed() throws {
        try live.site.put("held", "the old part")
        try daemon.expectServed("the old part")
        let file = try HeldFile(tree, "mirror/held")
        try file.write(", more")
        #expect(try daemon.fetch(Digest(of: "the old part")).status == 404)
        for count in 0..<3 { try settle(count) }
        #expect(try daemon.fetch(Digest(of: "the old part, more")).status == 404)
        try file.write(", the end")
        for count in 3..<6 { try settle(count) }
        #expect(try daemon.fetch(Digest(of: "the old part, more, the end")).status == 404)
        file.close()
        try daemon.expectServed("the old part, more, the end")
        try live.expectFresh()
    }

    @Test func oneOfTwoOpenFilesIsServedWhenItIsClosed() throws {
        let one = try HeldFile(tree, "mirror/one")
        let other = try HeldFile(tree, "mirror/two")
        try one.write("one")
        try other.write("two")
        try expectUnshared(["one", "two"])
        one.close()
        try daemon.expectServed("one")
        for count in 0..<3 { try settle(count) }
        #expect(try daemon.fetch(Digest(of: "two")).status == 404)
        other.close()
        try live.expectFresh()
    }

    @Test func openFileInANewDirectoryThatIsMovedIsServedWhenItIsClosed() throws {
        try tree.makeDirectory("mirror/new/deep")
        let file = try HeldFile(tree, "mirror/new/deep/held")
        try file.write("before")
        try tree.rename("mirror/new", to: "mirror/moved")
        try file.write(", after")
        for count in 0..<3 { try settle(count) }
        file.close()
        try daemon.expectServed("before, after")
        try live.expectFresh()
    }

    @Test func openFileThatIsRenamedIsServedWhenItIsClosed() throws {
        let file = try HeldFile(tree, "mirror/held.part")
        try file.write("before")
        try tree.rename("mirror/held.part", to: "mirror/held")
        try file.write(", after")
        file.close()
        try daemon.expectServed("before, after")
        try live.expectFresh()
    }

    @Test func openFileThatIsRemovedLeavesNothing() throws {
        let file = try HeldFile(tree, "mirror/held")
        try file.write("gone soon")
        try tree.remove("mirror/held")
        try expectUnshared(["gone soon"])
        // Another file of that name is not the one that is still open.
        try tree.write("mirror/held", "another one")
        try file.write(", and more")
        file.close()
        try daemon.expectServed("another one")
        try live.expectFresh()
    }

    @Test func closedFilesAreServedOneByOne() throws {
        for number in 0..<50 {
            try tree.write("mirror/new \(number)", "number \(number)")
            #expect(try daemon.fetchWhenServed(Digest(of: "number \(number)")).text == "number \(number)")
        }
    }

    @Test func fileThatIsRewrittenAllTheTimeDelaysNoOther() throws {
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.path
        let writer = try ChildProcess(
            ["bash", "-c", "for i in $(seq 1200); do echo round $i >mirror/busy; sleep 0.1; done"], setting)
        for number in 0..<50 { try tree.write("mirror/sub/\(number)", "beside it \(number)") }
        for number in 0..<50 { try daemon.expectServed("beside it \(number)", seconds: 60) }
        #expect(writer.end == nil)
        try writer.terminate()
        try live.expectFresh()
    }

    // MARK: Temporaries

    @Test(arguments: [
        ".file.AbC123", "..hidden.a1B2c3", "file.tmp", "file.part", "file.aria2", "file.aria2__temp",
        "file.FAILED", "partial/file", "sub/partial/sub/file", ".~tmp~/file", ".rsync-partial/file",
        "tmpdir.AbC123/file", ".repodata/file", ".git/file", "lost+found/file",
    ])
    func temporaryIsServedOnceItIsMovedIntoPlace(name: String) throws {
        try tree.write("mirror/\(name)", "the content")
        try expectUnshared(["the content"])
        try tree.rename("mirror/\(name)", to: "mirror/file")
        try daemon.expectServed("the content")
        try live.expectFresh()
        try tree.rename("mirror/file", to: "mirror/\(name)")
        try live.expectFresh()
        try daemon.waitForSharedFiles { $0 == 2 }
    }

    @Test func directoryOfTemporariesThatIsMovedIntoPlaceIsServed() throws {
        try tree.write("mirror/tmpdir.AbC123/sub/file", "the content")
        try expectUnshared(["the content"])
        try tree.rename("mirror/tmpdir.AbC123", to: "mirror/repodata")
        try daemon.expectServed("the content")
        try tree.write("mirror/repodata/sub/more", "more content")
        try live.expectFresh()
        try tree.rename("mirror/repodata", to: "mirror/.repodata")
        try live.expectFresh()
        try daemon.waitForSharedFiles { $0 == 2 }
    }

    @Test func fileMovedInFromOutsideIsServed() throws {
        try tree.write("outside/file", "the content")
        try tree.rename("outside/file", to: "mirror/file")
        try daemon.expectServed("the content")
    }

    /// While it is stopped in the middle, whatever the tool calls the file then, nothing of it is shared.
    @Test(arguments: [
        ["curl", "--silent", "--show-error", "--insecure", "--output", "download"],
        ["wget", "--quiet", "--no-check-certificate", "--output-document=download"],
        ["aria2c", "--quiet", "--check-certificate=false", "--file-allocation=none", "--out=download"],
        ["aria2c", "--quiet", "--check-certificate=false", "--file-allocation=trunc", "--out=download"],
    ])
    func downloadIsServedWhenItIsWhole(command: [String]) throws {
        let upstream = try DaemonSite()
        var generator = SeededGenerator()
        let content = generator.bytes(3 << 20)
        try upstream.put("download", content)
        try upstream.share("mirror", as: "mirror", "MaxRate=1000000")
        let server = try upstream.start()
        try server.firstPass()
        let digest = Digest(of: content)
        let url = "https://127.0.0.1:\(server.port)/download?sha256=\(digest.hex)"

        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.absolute("mirror")
        try stopInTheMiddle(command + [url], setting, whole: content.count)
        try live.expectFresh()
        #expect(try daemon.fetch(digest).status == 200)
        try daemon.waitForSharedFiles { $0 == 3 }
    }

    @Test(arguments: [[], ["--inplace"], ["--delay-updates"], ["--partial"]])
    func rsyncedFileIsServedWhenItIsWhole(options: [String]) throws {
        var generator = SeededGenerator()
        let content = generator.bytes(4 << 20)
        try tree.write("source/download", content)
        try stopInTheMiddle(
            ["rsync", "-a", "--bwlimit=1000"] + options + [
                tree.absolute("source/"), tree.absolute("mirror/"),
            ],
            whole: content.count)
        try live.expectFresh()
        #expect(try daemon.fetch(Digest(of: content)).status == 200)
        try daemon.waitForSharedFiles { $0 == 3 }
    }

    /// Runs a tool that takes a few seconds, stops it when some of the file is there, and lets it go on.
    private func stopInTheMiddle(
        _ command: [String], _ setting: ChildProcess.Setting = .init(), whole: Int
    ) throws {
        let tool = try ChildProcess(command, setting)
        let end = ContinuousClock.now + .seconds(30)
        while try largestNewFile() == 0 {
            guard tool.end == nil, ContinuousClock.now < end else {
                throw TestFailure("\(command) wrote nothing: \(tool.errorText)")
            }
        }
        // SIGSTOP
        tool.kill(19)
        try expectUnshared([])
        #expect(tool.end == nil)
        // SIGCONT
        tool.kill(18)
        #expect(try tool.wait() == .exit(0), "\(tool.errorText)")
    }

    /// In bytes, of all but the files of the start.
    private func largestNewFile() throws -> Int {
        let sizes = try Command.succeed([
            "find", tree.absolute("mirror"), "-ignore_readdir_race", "-type", "f", "!", "-name", "marker",
            "!",
            "-name", "other", "-printf", "%b\n",
        ])
        return sizes.text.split(separator: "\n").compactMap { Int($0) }.max() ?? 0
    }
}
