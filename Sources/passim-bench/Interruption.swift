internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// SIGINT and SIGTERM: gigabytes of temporary files must not stay. Servers get SIGTERM when this process is
/// gone.
enum Interruption {
    private static let trees = Lock<[String]>([])

    /// Before any thread is made: they inherit that the signals are blocked.
    static func handle() throws {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let waited = signals
        _ = try SystemThread(name: "interruption") {
            var signals = waited
            var signal: CInt = 0
            while sigwait(&signals, &signal) != 0 {}
            for tree in trees.withLock({ $0 }) {
                _ = try? Command.run(["rm", "-rf", "--one-file-system", tree])
            }
            _exit(128 + signal)
        }
    }

    /// Removes this directory, too, when interrupted.
    static func remove(_ tree: String) {
        trees.withLock { $0.append(tree) }
    }
}
