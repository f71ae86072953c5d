import Glibc
import PassimCore
import PassimTestKit
import Testing

@Suite(
    .enabled(if: FaultInjection.isPossible, "needs strace(1), and processes that may be traced"),
    .timeLimit(.minutes(5)))
struct ReloadTests {
    /// The configuration is on a disk that does not answer: requests are answered, and the end waits for nothing.
    @Test func reloadFromADiskThatHangsHoldsUpNeitherRequestsNorTheEnd() async throws {
        let site = try DaemonSite()
        try site.put("file", "content")
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        let tracer = try ChildProcess([
            "strace", "-f", "-p", "\(daemon.process.identifier)", "-P", site.tree.absolute("etc/passim.conf"),
            "-e", "inject=openat:delay_enter=600s",
        ])
        defer {
            daemon.process.kill(SIGKILL)
            tracer.kill(SIGKILL)
        }
        try tracer.waitForLine(containing: "attached")
        daemon.process.kill(SIGHUP)
        try daemon.process.waitForLine(containing: "reading configuration, key and certificate again")
        #expect(try await becomesTrue(within: 60) { tracer.errorText.contains("etc/passim.conf\"") })
        #expect(try daemon.fetch(Digest(of: "content")).status == 200)
        daemon.process.kill(SIGTERM)
        // The tracer keeps the process for as long as the disk takes.
        try daemon.process.waitForLine(containing: "info: stopped", seconds: 60)
        #expect(!tracer.errorText.contains("DELAYED"), "the disk has answered: \(tracer.errorText)")
        // By itself, and not as its time was up.
        #expect(!daemon.log.contains("not everything has stopped in time"), "\(daemon.log)")
    }
}
