import PassimCore
import PassimTestKit

/// Counts shares, and allows as many of a digest as it is told.
final class ShareRecorder: ShareObserver {
    fileprivate struct State {
        var limits: [Digest: Int] = [:]
        var under: [Digest: Int] = [:]
        var completed: [Share] = []
        var givenBack = 0
    }
    private let state = Lock(State())
    private let gate = Monitor((isClosed: false, isHolding: false))

    /// From now on whoever asks whether a file is available is held.
    func hold() { gate.withLock { $0.isClosed = true } }
    func release() { gate.withLock { $0.isClosed = false } }
    var isHolding: Bool { gate.withLock { $0.isHolding } }

    func limit(_ digest: Digest, to count: Int) {
        state.withLock { $0.limits[digest] = count }
    }

    var completed: [Share] { state.withLock { $0.completed } }
    var givenBack: Int { state.withLock { $0.givenBack } }
    /// Begun and neither complete nor given back.
    var running: Int { state.withLock { $0.under.values.reduce(0, +) } }

    func isAvailable(_ entry: Entry) -> Bool {
        _ = gate.wait(seconds: 300) { gate in
            gate.isHolding = gate.isClosed
            return gate.isClosed ? nil : true
        }
        return state.withLock { $0.isAvailable(entry) }
    }

    func begin(_ entry: Entry) -> Bool {
        state.withLock { state in
            guard state.isAvailable(entry) else { return false }
            state.under[entry.digest, default: 0] += 1
            return true
        }
    }

    func giveBack(_ entry: Entry) {
        state.withLock { state in
            state.under[entry.digest]! -= 1
            state.givenBack += 1
        }
    }

    func complete(_ share: Share) {
        state.withLock { state in
            state.under[share.entry.digest]! -= 1
            state.completed.append(share)
        }
    }
}

extension ShareRecorder.State {
    /// Of files of the first origin only, as only published items have a limit.
    fileprivate func isAvailable(_ entry: Entry) -> Bool {
        guard entry.origin == TestServer.origin, let limit = limits[entry.digest] else { return true }
        let done = completed.count { $0.entry.digest == entry.digest && $0.entry.origin == TestServer.origin }
        return done + under[entry.digest, default: 0] < limit
    }
}
