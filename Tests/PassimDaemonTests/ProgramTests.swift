import Glibc
import PassimCore
import PassimTestKit
import Testing

@testable import PassimDaemon

/// Each in a process of its own: they print, and read the environment.
@Suite struct ProgramTests {
    @Test func versionIsAllThatIsPrinted() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
            Program(insecure: false, timedExit: false).printVersion()
        }
        let text = String(decoding: try #require(result).standardOutputContent, as: UTF8.self)
        #expect(text.hasSuffix("\(passimVersion)\n"))
    }

    @Test func checkOfABrokenConfigurationFails() async throws {
        await #expect(processExitsWith: .exitCode(1)) {
            let tree = try TemporaryTree()
            try tree.write("passim.d/a.conf", "nonsense")
            setenv("SYSCONFDIR", tree.path, 1)
            exit(Program(insecure: false, timedExit: false).checkConfiguration())
        }
    }

    @Test func checkOfAGoodConfigurationSucceeds() async throws {
        await #expect(processExitsWith: .success) {
            let tree = try TemporaryTree()
            try tree.write("passim.d/a.conf", "[passim]\nPath=\(tree.path)\n")
            setenv("SYSCONFDIR", tree.path, 1)
            exit(Program(insecure: false, timedExit: false).checkConfiguration())
        }
    }

    @Test func daemonStopsOnSIGTERMWithinTheFirstSeconds() async throws {
        await #expect(processExitsWith: .success) {
            let tree = try TemporaryTree()
            try tree.write("etc/passim.conf", "[daemon]\nPort=0\nListen=127.0.0.1\n")
            try tree.write("etc/passim.d/a.conf", "[passim]\nPath=\(tree.absolute("mirror"))\n")
            try tree.write("mirror/a", "content")
            setenv("SYSCONFDIR", tree.absolute("etc"), 1)
            setenv("LOCALSTATEDIR", tree.absolute("var"), 1)
            async let status = Program(insecure: false, timedExit: false).serve()
            // Its key is made right before the port opens.
            while !tree.exists("var/lib/passim/cert.pem") { usleep(10_000) }
            // A reload at any time is no end.
            kill(getpid(), SIGHUP)
            kill(getpid(), SIGTERM)
            exit(await status)
        }
    }
}
