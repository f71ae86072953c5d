internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// Runs `body` on as many threads, with their numbers, and waits for all.
///
/// - Throws: one of the errors.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) throws {
    let failure = Lock<(any Error)?>(nil)
    let threads = try (0..<count).map { number in
        try SystemThread(name: "load-\(number)") {
            do {
                try body(number)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }
    for thread in threads { thread.join() }
    if let failure = failure.withLock({ $0 }) { throw failure }
}

/// Tells threads that it is over.
final class StopSign: Sendable {
    private let monitor = Monitor(false)

    func stop() { monitor.withLock { $0 = true } }

    var isUp: Bool { monitor.withLock { $0 } }

    /// Waits for it at most so long.
    ///
    /// - Returns: whether it is over.
    func wait(seconds: Double) -> Bool {
        monitor.wait(seconds: seconds) { $0 ? true : nil } ?? false
    }
}
