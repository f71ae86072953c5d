import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

/// What a mirror may hold, and what may be done to it, without the daemon's being stopped or starved.
@Suite(.timeLimit(.minutes(5)))
struct MirrorFaultTests {
    private let site: DaemonSite
    private var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite(ownMounts: canMount)
        try site.put("file", "first")
        try site.share()
    }

    /// Of eight tebibytes of nothing each: hashing one takes an hour, and there is one more than there are processors.
    @Test func hugeFilesKeepNoOtherDirectoryWaiting() throws {
        try tree.makeDirectory("huge")
        for number in 0...processorCount() { try tree.truncate("huge/\(number)", to: 8 << 40) }
        try site.share("huge", as: "huge")
        let daemon = try site.start()
        try daemon.expectServed("first", seconds: 60)
        let content = [UInt8](repeating: 7, count: 2 << 20)
        try tree.write("mirror/another", content)
        #expect(try daemon.fetchWhenServed(Digest(of: content), seconds: 60).status == 200)
        // Nor do small files of their own directory wait.
        try tree.write("huge/small", "small")
        try daemon.expectServed("small", seconds: 60)
    }

    /// Content that provably did not change is neither read again nor away for a moment, nor are its downloads cut off.
    @Test func attributesThatChangeNeitherHideAFileNorCutADownload() throws {
        let content = (0..<(8 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try tree.write("mirror/large", content)
        let daemon = try site.start()
        let digest = Digest(of: content)
        try daemon.waitForStatus(200, of: digest, seconds: 60)
        try daemon.waitForStatus(200, of: Digest(of: "first"), seconds: 60)
        let read = try daemon.metric("passim_hashed_files_total")
        let isOver = Lock(false)
        let path = tree.absolute("mirror/large")
        let changes = Lock(0)
        let changing = try SystemThread(name: "chmod") {
            for number in 0..<60 where !isOver.withLock({ $0 }) {
                chmod(path, number % 2 == 0 ? 0o644 : 0o664)
                changes.withLock { $0 += 1 }
                usleep(300_000)
            }
        }
        while changes.withLock({ $0 }) < 10 {
            let response = try daemon.fetch(digest)
            #expect(response.status == 200)
            #expect(response.body == content)
        }
        isOver.withLock { $0 = true }
        changing.join()
        try tree.write("mirror/fence", "fence")
        try daemon.expectServed("fence", seconds: 30)
        // The fence.
        #expect(try daemon.metric("passim_hashed_files_total") == read + 1)
    }

    /// O_TMPFILE of open(2): events tell of such a file under a name that no directory has.
    @Test func fileThatIsMadeWithoutANameIsServedWhole() throws {
        let daemon = try site.start()
        try daemon.expectServed("first", seconds: 60)
        let temporary: CInt = 0o20200000
        let number = open(tree.absolute("mirror"), temporary | O_RDWR, 0o644)
        try #require(number >= 0)
        write(number, "half", 4)
        #expect(
            linkat(
                AT_FDCWD, "/proc/self/fd/\(number)", AT_FDCWD, tree.absolute("mirror/linked"),
                AT_SYMLINK_FOLLOW)
                == 0)
        write(number, "+more", 5)
        for count in 0..<3 {
            try tree.write("mirror/file", "marker \(count)")
            try daemon.expectServed("marker \(count)", seconds: 30)
        }
        #expect(try daemon.fetch(Digest(of: "half")).status == 404)
        #expect(try daemon.fetch(Digest(of: "half+more")).status == 404)
        write(number, "+end", 4)
        close(number)
        try daemon.expectServed("half+more+end", seconds: 30)
    }

    /// A directory that comes in the root's place is not believed, whatever its attributes say.
    @Test func directoryThatTakesTheRootsPlaceIsHashed() throws {
        let daemon = try site.start()
        try daemon.expectServed("first", seconds: 60)
        try tree.makeDirectory("other")
        try tree.write("other/file", "right")
        let identity = try Descriptor.open(tree.absolute("other/file"), .readOnly).status().identity
        try tree.setAttribute("user.checksum.sha256", of: "other/file", Digest(of: "wrong").hex)
        let time = identity.modified
        let nanoseconds = String(time.nanoseconds)
        let stamp =
            "\(identity.size):\(time.seconds)."
            + String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds
        try tree.setAttribute("user.checksum.sha256.stamp", of: "other/file", stamp)
        #expect(rename(tree.absolute("mirror"), tree.absolute("old")) == 0)
        #expect(rename(tree.absolute("other"), tree.absolute("mirror")) == 0)
        try daemon.expectServed("right", seconds: 30)
        #expect(try daemon.fetch(Digest(of: "wrong")).status == 404)
        #expect(try daemon.fetch(Digest(of: "first")).status == 404)
    }

    @Test(.enabled(if: hasFUSE, "needs root, FUSE and bindfs(1)"))
    func fileSystemThatHangsStopsNoScanOfOthersNorTheEnd() throws {
        try tree.makeDirectory("source")
        let hanging = processorCount() + 2
        for number in 0..<hanging {
            try tree.makeDirectory("hung\(number)")
            // Scanned again and again: the mounts are there before their servers stop.
            try site.share("hung\(number)", as: "hung\(number)", "RescanInterval=1")
        }
        let daemon = try site.start()
        try daemon.expectServed("first", seconds: 60)
        var servers: [ChildProcess] = []
        defer { for server in servers { server.kill(SIGCONT) } }
        // As many as there are workers, and more.
        for number in 0..<hanging {
            let server = try ChildProcess(
                ["nsenter", "--mount", "--target", "\(daemon.process.identifier)", "bindfs", "-f"]
                    + [tree.absolute("source"), tree.absolute("hung\(number)")])
            servers.append(server)
            // It is mounted once the daemon's table of mounts has it; from then on it answers nothing.
            let mounts = "/proc/\(daemon.process.identifier)/mountinfo"
            for _ in 0..<1_000 {
                let table = try Descriptor.open(mounts, .readOnly).readAll(limit: 1 << 20) ?? []
                if String(decoding: table, as: UTF8.self).contains("hung\(number) ") { break }
                usleep(5_000)
            }
            server.kill(SIGSTOP)
        }
        for number in 0..<20 {
            try tree.write("mirror/\(number)", "while others hang \(number)")
            try daemon.expectServed("while others hang \(number)", seconds: 60)
        }
        #expect(try daemon.get("/healthz").status == 200)
        // All workers of the start wait for the servers, and others have taken their places.
        func workers() throws -> Int {
            let names = try Command.run(["sh", "-c", "cat /proc/\(daemon.process.identifier)/task/*/comm"])
                .text
            return names.split(separator: "\n").count { $0.hasPrefix("mirror-") }
        }
        let end = ContinuousClock.now + .seconds(60)
        while try workers() < 2 * (processorCount() + 1), ContinuousClock.now < end { usleep(100_000) }
        #expect(try workers() >= 2 * (processorCount() + 1), "\(daemon.log)")
        try tree.write("mirror/last", "after all that")
        try daemon.expectServed("after all that", seconds: 60)
    }

    /// open(2) of it fails with EAGAIN for as long as somebody has the lease: 45 s by default.
    @Test func fileUnderALeaseKeepsTheFirstPassFromNoEnd() throws {
        try site.put("leased", "under a lease")
        let script = """
            import fcntl, os, signal, sys
            signal.signal(signal.SIGIO, signal.SIG_IGN)
            file = os.open(sys.argv[1], os.O_RDWR)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            print("held", file=sys.stderr, flush=True)
            signal.pause()
            """
        let holder = try ChildProcess(["python3", "-c", script, tree.absolute("mirror/leased")])
        try holder.waitForLine(containing: "held", seconds: 60)
        let daemon = try site.start()
        #expect(try daemon.firstPass() == .init(served: 1, hashed: 1))
        #expect(try daemon.metric("passim_unreadable_files") == 1)
        #expect(try daemon.fetch(Digest(of: "first")).status == 200)
        holder.kill(SIGKILL)
        _ = try holder.wait()
        try daemon.expectServed("under a lease", seconds: 120)
        let end = ContinuousClock.now + .seconds(60)
        while try daemon.metric("passim_unreadable_files") > 0, ContinuousClock.now < end { usleep(100_000) }
        #expect(try daemon.metric("passim_unreadable_files") == 0)
    }
}
