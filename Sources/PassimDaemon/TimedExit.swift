internal import ServiceLifecycle

/// `--timed-exit`: its end is the daemon's.
struct TimedExit: Service {
    func run() async throws {
        await cancelWhenGracefulShutdown {
            try? await Task.sleep(for: .seconds(10))
        }
    }
}
