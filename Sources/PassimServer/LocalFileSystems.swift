internal import PassimCore

/// Which file systems are local, as threads that opened files there found out: what a reactor may do itself.
///
/// Numbers of devices are given again after an unmount, so all is forgotten when mounts change.
final class LocalFileSystems: Sendable {
    private struct State {
        var areLocal: [UInt64: Bool] = [:]
        var generation = 0
    }

    private let state = Lock(State())

    /// - Parameter device: st_dev of stat(2).
    /// - Returns: false also where nobody has looked yet.
    func areLocal(_ device: UInt64) -> Bool {
        state.withLock { $0.areLocal[device] ?? false }
    }

    /// To be taken before looking, for `note`.
    var generation: Int { state.withLock { $0.generation } }

    func note(_ device: UInt64, isLocal: Bool, asOf generation: Int) {
        state.withLock { state in
            if state.generation == generation { state.areLocal[device] = isLocal }
        }
    }

    /// Mounts have changed.
    func forget() {
        state.withLock { state in
            state.areLocal = [:]
            state.generation += 1
        }
    }
}
