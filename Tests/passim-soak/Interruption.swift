internal import Glibc
internal import Synchronization

/// Whether somebody wants the run to end before its time: SIGINT, SIGTERM or SIGHUP. What was made for it goes
/// with it then.
enum Interruption {
    private static let wanted = Atomic(false)

    static var isWanted: Bool { wanted.load(ordering: .relaxed) }

    static func heed() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            _ = signal(number) { _ in Interruption.wanted.store(true, ordering: .relaxed) }
        }
        // Ends a process that has leases, unless it is ignored.
        signal(SIGIO, SIG_IGN)
    }
}
