import PassimCore
import PassimTestKit

/// Counts what is sent, and allows as many files' worth of a digest as it is told.
final class ShareRecorder: ShareObserver {
    fileprivate struct State {
        var limits: [Digest: UInt64] = [:]
        var reserved: [Digest: UInt64] = [:]
        var ended: [Delivery] = []
        var running = 0
    }
    private let state = Lock(State())
    private let gate = Monitor((isClosed: false, isHolding: false))

    /// From now on whoever asks whether a file is available is held.
    func hold() { gate.withLock { $0.isClosed = true } }
    func release() { gate.withLock { $0.isClosed = false } }
    var isHolding: Bool { gate.withLock { $0.isHolding } }

    func limit(_ digest: Digest, to count: UInt64) {
        state.withLock { $0.limits[digest] = count }
    }

    var completed: [Delivery] { state.withLock { $0.ended.filter(\.isComplete) } }
    var cutOff: [Delivery] { state.withLock { $0.ended.filter { !$0.isComplete } } }
    /// Begun and not ended.
    var running: Int { state.withLock { $0.running } }

    func isAvailable(_ entry: Entry) -> Bool {
        _ = gate.wait(seconds: 300) { gate in
            gate.isHolding = gate.isClosed
            return gate.isClosed ? nil : true
        }
        return state.withLock { $0.isAvailable(entry) }
    }

    func begin(_ entry: Entry, bytes: UInt64) -> Bool {
        state.withLock { state in
            guard state.isAvailable(entry) else { return false }
            state.reserved[entry.digest, default: 0] += bytes
            state.running += 1
            return true
        }
    }

    func end(_ delivery: Delivery) -> Bool {
        state.withLock { state in
            state.reserved[delivery.entry.digest]! -= delivery.reserved
            state.running -= 1
            state.ended.append(delivery)
            return delivery.isComplete
        }
    }
}

extension ShareRecorder.State {
    /// Of files of the first origin only, as only published items have a limit.
    fileprivate func isAvailable(_ entry: Entry) -> Bool {
        guard entry.origin == TestServer.origin, let limit = limits[entry.digest] else { return true }
        let sent = ended.filter { $0.entry.digest == entry.digest && $0.entry.origin == TestServer.origin }
            .reduce(0) { $0 + $1.sent }
        return sent + reserved[entry.digest, default: 0] < limit * entry.identity.size
    }
}
