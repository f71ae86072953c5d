internal import PassimSystem
internal import ServiceLifecycle

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

/// The same, where a disk or another program may be what blocks: waited for until then only. The thread is left
/// behind.
///
/// - Parameter seconds: from now.
/// - Returns: false where it goes on still.
func onThread(_ name: String, within seconds: Double, _ body: @escaping @Sendable () -> Void) async -> Bool {
    let promise = Promise<Bool>()
    begin(name, promise, body)
    let limit = Task {
        try? await Task.sleep(for: .seconds(seconds))
        promise.fulfil(with: false)
    }
    defer { limit.cancel() }
    return await promise.wait()
}

/// The same, waited for until the daemon is told to end.
func onThreadUntilTheEnd(_ name: String, _ body: @escaping @Sendable () -> Void) async {
    let promise = Promise<Bool>()
    begin(name, promise, body)
    await withGracefulShutdownHandler {
        _ = await promise.wait()
    } onGracefulShutdown: {
        promise.fulfil(with: false)
    }
}

private func begin(_ name: String, _ promise: Promise<Bool>, _ body: @escaping @Sendable () -> Void) {
    do throws(SystemError) {
        _ = try SystemThread(name: name) {
            body()
            promise.fulfil(with: true)
        }
    } catch {
        body()
        promise.fulfil(with: true)
    }
}
