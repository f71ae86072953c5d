internal import PassimSystem

/// Runs what blocks on a thread of its own, while the task waits without holding one of the pool.
func onThread<Result: Sendable>(_ name: String, _ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        do throws(SystemError) {
            _ = try SystemThread(name: name) { continuation.resume(returning: body()) }
        } catch {
            // No thread to be had: better late than not at all.
            continuation.resume(returning: body())
        }
    }
}
