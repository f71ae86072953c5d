import PassimCore
import PassimTestKit
import Testing

/// More changes than inotify(7) queues, and fewer watches than there are directories.
@Suite(.timeLimit(.minutes(10)))
struct WatchLimitTests {
    /// /proc/sys/fs/inotify/max_queued_events
    private static let queueLimit: Int = {
        let text = try? Command.succeed(["cat", "/proc/sys/fs/inotify/max_queued_events"]).text
        return text.flatMap { Int($0.filter { $0 != "\n" }) } ?? .max
    }()

    // MARK: The queue

    @Test(.enabled(if: queueLimit <= 100_000, "needs a queue of inotify(7) that can be filled"))
    func overflowOfTheQueueLeavesNothingStale() throws {
        let live = try LiveMirror { site in
            for number in 0..<300 { try site.put("old/\(number % 10)/\(number)", "old \(number)") }
        }
        let tree = live.tree
        // SIGSTOP: nobody takes what happens from the queue.
        live.daemon.process.kill(19)
        try WatchLimitTests.change(live.site, files: WatchLimitTests.queueLimit + 5000)
        // Past the end of the queue for certain.
        for number in 100..<200 { try live.site.put("old/\(number % 10)/\(number)", "new \(number)") }
        for number in 200..<250 { try tree.remove("mirror/old/\(number % 10)/\(number)") }
        try tree.rename("mirror/old/7", to: "mirror/moved")
        try tree.rename("mirror/old/8", to: "moved out")
        try tree.write("mirror/brand/new/directory/file", "brand new")
        try live.site.share("mirror/old/1", as: "one of them")
        live.daemon.process.kill(18)
        // The drop-in that came meanwhile has some of the files once more.
        let more = try FreshScan(of: tree.absolute("mirror/old/1")).files.count
        try live.daemon.expectServed("brand new", seconds: 120)
        let all = try live.daemon.freshScan().files.count + more
        try live.daemon.waitForSharedFiles(seconds: 120) { $0 == all }
        try tree.remove("etc/passim.d/one of them.conf")
        try live.expectFresh(within: 120)
        // It goes on as before.
        try tree.write("mirror/moved/after", "after")
        try tree.write("mirror/brand/new/directory/after", "after, too")
        try tree.write("moved out/unseen", "unseen")
        try live.expectFresh()
    }

    /// Changes as many files in many directories.
    private static func change(_ site: DaemonSite, files: Int) throws {
        try Command.succeed(
            [
                "bash", "-e", "-c",
                """
                cd "$0"
                for i in $(seq "$1"); do
                    ((i % 500 == 1)) && cd "$0" && mkdir "new$i" && cd "new$i"
                    echo "$((i % 2000))" >"$i"
                done
                """, site.tree.absolute("mirror"), "\(files)",
            ], seconds: 300)
    }

    /// Rewritten with its size and time, and given another name: its attributes went with it, and tell of what
    /// it was.
    @Test(.enabled(if: canLimit, "needs user namespaces"), arguments: [false, true])
    func fileRewrittenAndRenamedUnseenIsNotTakenForWhatItWas(watching: Bool) throws {
        let site = try DaemonSite(ownLimits: !watching)
        try site.put("a", "content A")
        try site.put("dir/c", "content C")
        try site.share("mirror", as: "mirror", "RescanInterval=1")
        let live = LiveMirror(
            try site.start(after: watching ? nil : "echo 0 >/proc/sys/user/max_inotify_instances"))
        try live.daemon.firstPass()
        try live.expectFresh()
        // SIGSTOP and SIGCONT: a rescan between the two changes would see what happens.
        live.daemon.process.kill(19)
        try site.put("a", "content B")
        try live.tree.rename("mirror/a", to: "mirror/b")
        try site.put("dir/c", "content D")
        try live.tree.rename("mirror/dir", to: "mirror/moved")
        try site.put("link", "content E")
        try live.tree.link("mirror/link", to: "mirror/moved/link")
        live.daemon.process.kill(18)
        try live.daemon.expectServed("content B", "content D", "content E")
        #expect(try live.daemon.fetch(Digest(of: "content A")).status == 404)
        #expect(try live.daemon.fetch(Digest(of: "content C")).status == 404)
        try live.expectFresh()
    }

    // MARK: Watches

    /// Lines that tell of a limit.
    private static func warnings(of daemon: DaemonProcess, naming names: [String]) -> [Substring] {
        daemon.log.split(separator: "\n").filter { line in
            line.contains("warning") && names.contains { line.contains($0) }
        }
    }

    private static let watches = ["max_user_watches", "max_inotify_watches"]
    private static let instances = ["max_user_instances", "max_inotify_instances"]

    /// 60 directories besides the mirror itself.
    private static func limitedSite() throws -> DaemonSite {
        let site = try DaemonSite(ownLimits: true)
        for number in 0..<60 { try site.put("dir \(number % 6)/sub \(number)/file", "file \(number)") }
        for number in 0..<6 { try site.put("dir \(number)/file", "other file \(number)") }
        try site.share("mirror", as: "mirror", "RescanInterval=1")
        return site
    }

    private static func startLimited(_ site: DaemonSite, _ limit: String) throws -> LiveMirror {
        let daemon = try site.start(after: "echo \(limit)")
        try daemon.firstPass()
        return LiveMirror(daemon)
    }

    private static func expectFollowed(_ live: LiveMirror) throws {
        try live.expectFresh()
        try live.daemon.waitForSharedFiles { $0 == 66 }
        for number in 0..<60 where number % 3 == 0 {
            try live.tree.write("mirror/dir \(number % 6)/sub \(number)/late", "late \(number)")
        }
        for number in 0..<60 where number % 7 == 0 {
            try live.tree.remove("mirror/dir \(number % 6)/sub \(number)/file")
        }
        // Same size, same time.
        try live.site.put("dir 5/sub 59/file", "FILE 59")
        try live.expectFresh(within: 60)
        try live.tree.rename("mirror/dir 2", to: "mirror/dir 0/moved")
        try live.tree.write("mirror/new/sub/sub/sub/file", "in a new directory")
        try live.expectFresh(within: 60)
    }

    @Test(.enabled(if: canLimit, "needs user namespaces"))
    func tooFewWatchesAreOneWarningAndNothingIsMissed() throws {
        let live = try WatchLimitTests.startLimited(
            WatchLimitTests.limitedSite(), "20 >/proc/sys/user/max_inotify_watches")
        try WatchLimitTests.expectFollowed(live)
        let warnings = WatchLimitTests.warnings(of: live.daemon, naming: WatchLimitTests.watches)
        #expect(warnings.count == 1, "\(live.daemon.log)")
        let numbers = (warnings.first ?? "").split { !$0.isNumber }.compactMap { Int($0) }
        // What there is, and at least one for each directory of the mirror.
        #expect(numbers.contains(20), "\(warnings)")
        #expect(numbers.contains { (67...200).contains($0) }, "\(warnings)")
    }

    /// One that has enough at its start and not later.
    @Test(.enabled(if: canLimit, "needs user namespaces"))
    func watchesThatRunOutAreOneWarningAndNothingIsMissed() throws {
        let live = try WatchLimitTests.startLimited(
            WatchLimitTests.limitedSite(), "100 >/proc/sys/user/max_inotify_watches")
        try live.expectFresh()
        #expect(WatchLimitTests.warnings(of: live.daemon, naming: WatchLimitTests.watches).isEmpty)
        for number in 0..<100 { try live.tree.write("mirror/more/\(number)/file", "more \(number)") }
        try live.expectFresh(within: 60)
        for number in 0..<100 where number % 5 == 0 {
            try live.tree.write("mirror/more/\(number)/late", "later \(number)")
        }
        try live.expectFresh(within: 60)
        #expect(
            WatchLimitTests.warnings(of: live.daemon, naming: WatchLimitTests.watches).count == 1,
            "\(live.daemon.log)")
    }

    @Test(.enabled(if: canLimit, "needs user namespaces"))
    func noWatchingAtAllIsAWarningAndNothingIsMissed() throws {
        let live = try WatchLimitTests.startLimited(
            WatchLimitTests.limitedSite(), "0 >/proc/sys/user/max_inotify_instances")
        try WatchLimitTests.expectFollowed(live)
        #expect(
            WatchLimitTests.warnings(of: live.daemon, naming: WatchLimitTests.instances).count == 1,
            "\(live.daemon.log)")
    }
}
