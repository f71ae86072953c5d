import PassimCore
import PassimTestKit
import Testing

/// `passim mirror sync` as root, beside the daemon that shares the directory.
@Suite(.enabled(if: isRoot, "needs root, whose word the daemon takes"), .timeLimit(.minutes(5)))
struct SyncBesideDaemonTests {
    @Test func daemonReadsNothingOfWhatASyncHasVerified() throws {
        var counts: [Int] = []
        // A file is read whose voucher comes later than 40 ms after its name, as it may on a machine with much to do; without
        // vouchers all are, each time.
        for _ in 0..<8 {
            counts.append(try filesRead())
            if counts.last == 0 { return }
        }
        Issue.record("so many files were read: \(counts)")
    }

    /// Has an empty mirror filled.
    ///
    /// - Returns: how many files the daemon has read before all were served.
    private func filesRead() throws -> Int {
        let bus = try SystemBus(.everything)
        let site = try DaemonSite(environment: bus.environment)
        let source = try SourceServer(archives: 30, ["alias": ""])
        // Its content is wrong.
        try source.control("drop=\(try #require(try source.files().keys.first { $0.hasSuffix("-m3.cab") }))")
        try site.share("mirror", as: "mirror", "Source=\(source.url)")
        let daemon = try site.start()
        try daemon.process.waitForLine(containing: "on the system bus as")
        try daemon.firstPass()
        let before = try daemon.metric("passim_hashed_files_total")
        var setting = bus.setting()
        setting.environment["SYSCONFDIR"] = site.tree.absolute("etc")
        setting.environment["LOCALSTATEDIR"] = site.tree.absolute("var")
        let outcome = try Command.run(
            [try Products.path(of: "passim"), "mirror", "sync", "mirror"], setting, seconds: 120)
        #expect(outcome.end == .exit(0), "\(outcome.text)\(outcome.errorText)")
        let files = try source.files()
        #expect(files.count == 31)
        for digest in files.values { try daemon.waitForStatus(200, of: digest, seconds: 60) }
        // And the one that only the signature names.
        try daemon.waitForSharedFiles(seconds: 60) { $0 == files.count + 1 }
        return try daemon.metric("passim_hashed_files_total") - before
    }
}
