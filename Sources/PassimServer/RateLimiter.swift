internal import PassimCore

/// Bytes per second shared fairly among the downloads that ask for them, on all reactors.
///
/// Time is cut into slices. In each slice a download gets its share of the slice's bytes, by how many
/// downloads asked in the slice before: one that does not ask, since its client is slow, leaves its
/// share to the others.
final class RateLimiter: Sendable {
    /// Short enough to be smooth, long enough to be few wake-ups.
    static let slice: UInt64 = 50_000_000

    private struct State {
        var slice: UInt64 = 0
        var left: UInt64 = 0
        var takers = 0
        var takersBefore = 0
    }

    private let bytesPerSlice: UInt64
    private let state = Lock(State())

    init(bytesPerSecond: UInt64) {
        bytesPerSlice = max(1, bytesPerSecond / (1_000_000_000 / RateLimiter.slice))
    }

    /// The bytes that one more download may send in the slice of `now`; asked once in each slice.
    ///
    /// - Parameter wanted: no more than this.
    /// - Returns: 0 means to come back in the next slice.
    func take(_ wanted: UInt64, now: UInt64) -> UInt64 {
        let current = now / RateLimiter.slice
        return state.withLock { state in
            if state.slice != current {
                state.takersBefore = state.slice + 1 == current ? state.takers : 0
                state.slice = current
                state.takers = 0
                state.left = bytesPerSlice
            }
            // A latecomer counts as well, or would be late in each slice to come.
            state.takers += 1
            guard state.left > 0 else { return 0 }
            let sharers = UInt64(max(state.takers, state.takersBefore))
            let share = max(1, (bytesPerSlice + sharers - 1) / sharers)
            let granted = min(wanted, share, state.left)
            state.left -= granted
            return granted
        }
    }

    /// Gives back what was granted and not sent.
    func giveBack(_ count: UInt64, now: UInt64) {
        state.withLock { state in
            if state.slice == now / RateLimiter.slice {
                state.left = min(bytesPerSlice, state.left + count)
            }
        }
    }

    static func nextSlice(after now: UInt64) -> UInt64 {
        (now / slice + 1) * slice
    }
}
