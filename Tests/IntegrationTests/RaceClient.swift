import PassimCore
import PassimSystem
import PassimTestKit

/// Asks for what lies inside and outside of a mirror in turns, in a thread of its own.
final class RaceClient: Sendable {
    struct Counts {
        /// Of inside, whole and right.
        var complete = 0
        /// Of inside, while it was not to be reached or moved.
        var missed = 0
        /// Of outside: not known.
        var refused = 0

        static func + (one: Counts, other: Counts) -> Counts {
            Counts(
                complete: one.complete + other.complete, missed: one.missed + other.missed,
                refused: one.refused + other.refused)
        }
    }

    private struct State {
        var stopping = false
        var counts = Counts()
        var failure: String?
    }

    private let state: Lock<State>
    private let thread: SystemThread

    init(_ daemon: DaemonProcess, _ race: SymlinkRace, seed: UInt64) throws {
        let state = Lock(State())
        self.state = state
        let (inside, outside) = (race.inside, race.outside)
        thread = try SystemThread(name: "race client") {
            var random = SeededGenerator(seed: seed)
            do {
                while !state.withLock({ $0.stopping }) {
                    let exchange = try daemon.connect()
                    var isOpen = true
                    while isOpen, !state.withLock({ $0.stopping }) {
                        isOpen = try RaceClient.ask(
                            exchange, random.pick(inside), random.pick(outside), state)
                    }
                }
            } catch {
                state.withLock { $0.failure = "\(error)" }
            }
        }
    }

    deinit {
        end()
    }

    /// - Returns: false where the connection was cut, as it is when a file changes while it is sent.
    private static func ask(
        _ exchange: HTTPExchange, _ inside: Digest, _ outside: Digest, _ state: Lock<State>
    ) throws -> Bool {
        let forbidden = try exchange.request("GET", "/x?sha256=\(outside.hex)")
        guard forbidden.status == 404 else {
            throw TestFailure("\(outside), which lies outside, was answered \(forbidden.status)")
        }
        state.withLock { $0.counts.refused += 1 }
        guard let response = try? exchange.request("GET", "/x?sha256=\(inside.hex)") else {
            state.withLock { $0.counts.missed += 1 }
            return false
        }
        switch response.status {
        case 200:
            guard Digest(of: response.body) == inside else {
                throw TestFailure("\(inside) came as other bytes: \(response.text.prefix(40))")
            }
            state.withLock { $0.counts.complete += 1 }
        case 404: state.withLock { $0.counts.missed += 1 }
        default: throw TestFailure("\(inside) was answered \(response.status)")
        }
        return true
    }

    private func end() {
        state.withLock { $0.stopping = true }
        thread.join()
    }

    /// - Throws: where something was answered that must not be.
    func stop() throws -> Counts {
        end()
        let (counts, failure) = state.withLock { ($0.counts, $0.failure) }
        if let failure { throw TestFailure("after \(counts): \(failure)") }
        return counts
    }
}
