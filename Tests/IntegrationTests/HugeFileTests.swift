import PassimCore
import PassimTestKit
import Testing

/// Files that say they have as many bytes as a file can have, and take none: three of them are more than 64 bits hold.
@Suite(.timeLimit(.minutes(5)))
struct HugeFileTests {
    private let site: DaemonSite
    private var tree: TemporaryTree { site.tree }

    init() throws {
        site = try DaemonSite(ownMounts: true)
        try site.tree.write("other/small", "small")
        try site.share("other", as: "other")
        try site.share()
    }

    /// For sh(1), where the daemon runs.
    private var hugeFiles: String {
        """
        mount -t tmpfs none '\(tree.absolute("mirror"))'
        for i in 1 2 3; do truncate -s 9223372036854775807 '\(tree.absolute("mirror"))/'$i; done
        printf 1 >'\(tree.absolute("mirror"))/one'
        touch -d 2020-01-01 '\(tree.absolute("mirror"))/'*
        """
    }

    @Test(.enabled(if: canMount, "needs root"))
    func threeLargestFilesAreToldAndTheDaemonGoesOn() async throws {
        let daemon = try site.start(after: hugeFiles)
        for content in ["small", "1"] { try daemon.waitForStatus(200, of: Digest(of: content)) }
        let path = tree.absolute("mirror")
        let pending = "passim_pending_bytes{drop_in=\"mirror.conf\",path=\"\(path)\"} 18446744073709551615"
        try await becomesTrue { try daemon.get("/metrics").text.contains(pending) }
        // Some has been read, so a rate is known: the time left is some centuries.
        try await becomesTrue {
            let page = try daemon.get("/").text
            return page.contains("3 files to hash, 16.0 EiB") && page.contains(" days left")
        }
        #expect(daemon.isRunning)
        #expect(try daemon.process.terminate() == .exit(0))
    }

    @Test(.enabled(if: canMount, "needs root"))
    func threeLargestFilesAreCountedByTheConfigurationCheck() throws {
        let program = try Products.path(of: "passimd")
        var setting = ChildProcess.Setting()
        setting.ownMounts = true
        setting.environment = ["SYSCONFDIR": tree.absolute("etc"), "LOCALSTATEDIR": tree.absolute("var")]
        let outcome = try Command.run(
            ["sh", "-e", "-c", hugeFiles + "\nexec '\(program)' --check-config"], setting)
        #expect(outcome.text.contains("4 files, 18446744073709551615 bytes"), "\(outcome)")
        #expect(outcome.succeeded, "\(outcome)")
    }
}
