/// Waits for what nothing tells of, without holding a thread of the pool.
///
/// - Parameter seconds: for liveness only, so it is generous: tests that block the pool may take minutes, and tasks
///   wait for them.
/// - Returns: false where the time was up.
package func becomesTrue(within seconds: Double = 600, _ condition: () async throws -> Bool) async rethrows
    -> Bool
{
    let end = ContinuousClock.now + .seconds(seconds)
    while try await !condition() {
        if ContinuousClock.now >= end || Task.isCancelled { return false }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return true
}
