internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// A thread that does the same over and over, until it is stopped or fails.
final class LoopThread: Sendable {
    private struct State {
        var stopping = false
        var failure: String?
    }

    private let state: Lock<State>
    private let thread: SystemThread

    /// - Parameter place: the host that it is on; nil is that of this process.
    /// - Parameter pause: microseconds between two steps.
    init(
        _ name: String, at place: ClientPlace? = nil, seed: UInt64, pause: Range<UInt32>,
        _ step: @escaping @Sendable (inout SeededGenerator) throws -> Void
    ) throws {
        let state = Lock(State())
        self.state = state
        thread = try SystemThread(name: name) {
            var random = SeededGenerator(seed: seed)
            do {
                try place?.enter()
                while !state.withLock({ $0.stopping }) {
                    try step(&random)
                    LoopThread.sleep(UInt32.random(in: pause, using: &random)) {
                        state.withLock { $0.stopping }
                    }
                }
            } catch {
                state.withLock { $0.failure = "\(name): \(error)" }
            }
        }
    }

    deinit {
        end()
    }

    /// In pieces, so that whoever stops it need not wait.
    private static func sleep(_ microseconds: UInt32, unless isOver: () -> Bool) {
        var rest = microseconds
        while rest > 0, !isOver() {
            let piece = min(rest, 100_000)
            usleep(piece)
            rest -= piece
        }
    }

    private func end() {
        state.withLock { $0.stopping = true }
        thread.join()
    }

    /// Asks it to stop; `failure` waits for it.
    func tellToStop() {
        state.withLock { $0.stopping = true }
    }

    /// Waits until it has stopped.
    ///
    /// - Returns: why it stopped by itself; nil where it did not.
    func failure() -> String? {
        end()
        return state.withLock { $0.failure }
    }
}
