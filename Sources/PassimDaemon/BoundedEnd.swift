internal import Glibc
internal import Logging
internal import PassimSystem
internal import ServiceLifecycle

/// Bounds the daemon's end: whatever hangs, it is over some seconds after it was told to end.
///
/// The last of the services, so that it is told first.
struct BoundedEnd: Service {
    /// 5 s more than downloads get.
    static let seconds = UInt64(ServerService.grace + 5)

    let race: Race<Int32>
    let logger: Logger

    func run() async throws {
        var status: Int32 = 0
        do {
            try await gracefulShutdown()
        } catch {
            // Another service could not go on.
            status = 1
        }
        let end = monotonicNanoseconds() + BoundedEnd.seconds * 1_000_000_000
        // A thread, since those of the pool may be what hangs.
        _ = try? SystemThread(name: "end") { [race, logger, status] in
            Doorbell().wait(after: 0, until: end)
            if race.end(with: status) {
                logger.warning(
                    "not everything has ended: a disk or another program does not answer; ending without")
            }
            Doorbell().wait(after: 0, until: end + 1_000_000_000)
            _exit(status)
        }
    }
}
