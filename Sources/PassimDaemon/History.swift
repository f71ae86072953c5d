internal import PassimCore
internal import PassimWeb

/// Downloads by other machines in each minute of the last day: always 1440 samples.
final class History: Sendable {
    private struct State {
        /// The counts at the last `note`, and when that was.
        var known = Activity.Sample()
        var noted: UInt64
        /// A ring: the sample of minute n is at n modulo its size.
        var minutes = [Activity.Sample](repeating: .init(), count: History.minuteCount)
        /// Minutes up to this one have their samples.
        var newest = 0
    }

    private let started: UInt64
    private let state: Lock<State>

    private static let minuteCount = 24 * 60
    private static let minute: UInt64 = 60_000_000_000
    /// Minutes of a sample of the day: 48 bars are wide enough to be told from each other on a phone.
    private static let dayStep = 30

    /// - Parameter started: nanoseconds of a monotonic clock, as all times here.
    init(started: UInt64) {
        self.started = started
        state = Lock(State(noted: started))
    }

    /// Notes what was done since it was asked last, as of the minute in which most of the time
    /// since then was.
    ///
    /// - Parameter total: since the start.
    func note(_ total: Activity.Sample, at now: UInt64) {
        state.withLock { state in
            guard now >= state.noted else { return }
            let middle = state.noted + (now - state.noted) / 2
            advance(&state, to: minute(of: now))
            let place = minute(of: middle)
            // Asked so late that it is forgotten already.
            if place + History.minuteCount > state.newest {
                state.minutes[place % History.minuteCount].add(total.since(state.known))
            }
            state.known = total
            state.noted = now
        }
    }

    /// Up to the minute of the last `note`.
    func hour() -> Activity { last(60, summedBy: 1) }

    func day() -> Activity { last(History.minuteCount, summedBy: History.dayStep) }

    private func minute(of time: UInt64) -> Int { Int((time - started) / History.minute) }

    /// Minutes in which nobody asked were quiet.
    private func advance(_ state: inout State, to minute: Int) {
        guard minute > state.newest else { return }
        for passed in max(state.newest + 1, minute - History.minuteCount + 1)...minute {
            state.minutes[passed % History.minuteCount] = .init()
        }
        state.newest = minute
    }

    private func last(_ count: Int, summedBy step: Int) -> Activity {
        state.withLock { state in
            let samples = (0..<count / step).map { number -> Activity.Sample in
                let first = state.newest - count + 1 + number * step
                return (first..<first + step).reduce(into: Activity.Sample()) { sum, minute in
                    // Before the start there was nothing.
                    if minute >= 0 { sum.add(state.minutes[minute % History.minuteCount]) }
                }
            }
            return Activity(samples: samples, step: step)
        }
    }
}

extension Activity.Sample {
    /// - Parameter before: an earlier state of the same counters.
    fileprivate func since(_ before: Activity.Sample) -> Activity.Sample {
        Activity.Sample(
            downloads: downloads &- min(downloads, before.downloads),
            bytes: bytes &- min(bytes, before.bytes),
            misses: misses &- min(misses, before.misses))
    }
}
