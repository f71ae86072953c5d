internal import Glibc
internal import PassimSystem
internal import PassimTestKit

/// SIGINT and SIGTERM: gigabytes of temporary files must not stay, nor hosts. Servers get SIGTERM when this process
/// is gone.
enum Interruption {
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
            Leavings.remove()
            _exit(128 + signal)
        }
    }
}
