import Glibc
import PassimCore
import PassimTestKit
import Testing

@Suite(
    .enabled(if: FaultInjection.isPossible, "needs strace(1), and processes that may be traced"),
    .timeLimit(.minutes(5)))
struct ReloadTests {
    /// The pool of Swift's tasks has one thread, and the configuration is on a disk that takes its time.
    @Test func reloadFromASlowDiskHoldsUpNoTask() throws {
        let site = try DaemonSite(environment: ["LIBDISPATCH_COOPERATIVE_POOL_STRICT": "1"])
        let daemon = try site.start()
        let unknown = Digest(of: "nobody's")
        #expect(try daemon.fetch(unknown).status == 404)
        let tracer = try ChildProcess([
            "strace", "-f", "-p", "\(daemon.process.identifier)", "-P", site.tree.absolute("etc/passim.conf"),
            "-e", "inject=openat:delay_enter=60s",
        ])
        try tracer.waitForLine(containing: "attached")
        daemon.process.kill(SIGHUP)
        try daemon.process.waitForLine(containing: "reading configuration, key and certificate again")
        // A look-up is a task.
        #expect(try daemon.fetch(unknown).status == 404)
        daemon.process.kill(SIGKILL)
        tracer.kill(SIGKILL)
    }
}
