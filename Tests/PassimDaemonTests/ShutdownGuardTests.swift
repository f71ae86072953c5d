import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct ShutdownGuardTests {
    /// In a process of its own, as a daemon sets limits of the process. Nothing has been told to stop, and a service has
    /// failed.
    @Test func endComesThoughNothingStops() async throws {
        await #expect(processExitsWith: .exitCode(7)) {
            let tree = try TemporaryTree()
            let log = RecordedLog()
            let daemon = Daemon(
                options: DaemonOptions(
                    insecure: false, timedExit: false,
                    environment: ["SYSCONFDIR": tree.absolute("etc"), "LOCALSTATEDIR": tree.absolute("var")]),
                logger: log.logger)
            let promise = Promise<Int32>()
            let guardian = ShutdownGuard(daemon: daemon, promise: promise) { status in
                let isTold = log.warnings.last?.hasPrefix("not everything has stopped in time: ") == true
                // It was answered before.
                exit(isTold && status == 1 && !promise.fulfil(with: 0) ? 7 : 8)
            }
            try await onOwnThread { guardian.watch(from: monotonicNanoseconds() - 20_000_000_000, 1) }
        }
    }
}
