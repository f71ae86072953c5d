internal import PassimCore

/// Downloads by other machines in the last day: how much, whose, and of which files. This machine's own do not count,
/// whichever of its addresses it asks at, and nor do pages.
///
/// Bounded: of an hour with more clients or files than there is room for, those that had least are forgotten.
final class RecentDownloads: Sendable {
    struct Use: Hashable, Sendable {
        /// Files' worth of bytes.
        var downloads: UInt64 = 0
        /// Those of downloads that were cut off among them.
        var bytes: UInt64 = 0
        /// When it was last, in nanoseconds of the clock of `record`.
        var last: UInt64 = 0

        mutating func add(_ other: Use) {
            downloads.add(saturating: other.downloads)
            bytes.add(saturating: other.bytes)
            last = max(last, other.last)
        }
    }

    /// An hour, or a day: the sum of its hours.
    struct Uses: Sendable {
        var clients: [IPAddress: Use] = [:]
        var files: [Digest: Use] = [:]
        /// Downloads that did not come to their end.
        var cutOff: UInt64 = 0
        /// False if some clients or files were forgotten.
        var isComplete = true
    }

    private struct State {
        /// A ring: hour n is at n modulo its size.
        var hours = [Uses](repeating: Uses(), count: RecentDownloads.hourCount)
        /// Hours up to this one have their place.
        var newest = 0
        var total = Use()
        var last: (client: IPAddress, time: UInt64)?
        var own: [IPAddress] = []
    }

    private let started: UInt64
    private let capacity: Int
    private let state = Lock(State())

    private static let hourCount = 24
    private static let hour: UInt64 = 3_600_000_000_000

    /// - Parameter started: nanoseconds of a monotonic clock, as all times here.
    /// - Parameter capacity: clients, and files, of an hour: 512 of each take 80 KiB.
    init(started: UInt64, capacity: Int = 512) {
        self.started = started
        self.capacity = max(2, capacity)
    }

    /// Addresses of this machine from now on.
    func setOwn(_ addresses: [IPAddress]) { state.withLock { $0.own = addresses } }

    /// Called on serving threads.
    ///
    /// - Parameter isDownload: whether it completes a file's worth of bytes.
    func record(_ delivery: Delivery, isDownload: Bool, at now: UInt64) {
        guard !delivery.address.isLoopback, delivery.sent > 0 || isDownload else { return }
        // Whatever interface a link-local address came through.
        let client = IPAddress(high: delivery.address.high, low: delivery.address.low)
        state.withLock { state in
            guard !state.own.contains(where: { $0.high == client.high && $0.low == client.low }) else {
                return
            }
            let use = Use(downloads: isDownload ? 1 : 0, bytes: delivery.sent, last: now)
            advance(&state, to: now)
            state.total.add(use)
            state.last = (client, now)
            let place = state.newest % RecentDownloads.hourCount
            if !delivery.isComplete { state.hours[place].cutOff.add(saturating: 1) }
            let isFull = state.hours[place].add(use, by: client, of: delivery.entry.digest, capacity)
            if isFull { state.hours[place].forgetSome(capacity) }
        }
    }

    private func advance(_ state: inout State, to now: UInt64) {
        let hour = Int((max(now, started) - started) / RecentDownloads.hour)
        guard hour > state.newest else { return }
        for passed in max(state.newest + 1, hour - RecentDownloads.hourCount + 1)...hour {
            state.hours[passed % RecentDownloads.hourCount] = Uses()
        }
        state.newest = hour
    }

    /// Since the start.
    var total: Use { state.withLock { $0.total } }

    /// The last client since the start.
    var last: (client: IPAddress, time: UInt64)? { state.withLock { $0.last } }

    /// Up to 24 hours, of which the last one goes on.
    func day(at now: UInt64) -> Uses {
        let hours = state.withLock { state in
            advance(&state, to: now)
            return state.hours
        }
        return hours.reduce(into: Uses()) { day, hour in
            day.clients.merge(hour.clients) { RecentDownloads.sum($0, $1) }
            day.files.merge(hour.files) { RecentDownloads.sum($0, $1) }
            day.cutOff.add(saturating: hour.cutOff)
            if !hour.isComplete { day.isComplete = false }
        }
    }

    private static func sum(_ one: Use, _ other: Use) -> Use {
        var sum = one
        sum.add(other)
        return sum
    }
}

extension RecentDownloads.Uses {
    /// - Returns: whether there are more than there is room for.
    fileprivate mutating func add(
        _ use: RecentDownloads.Use, by client: IPAddress, of digest: Digest, _ capacity: Int
    ) -> Bool {
        clients[client, default: .init()].add(use)
        files[digest, default: .init()].add(use)
        return clients.count > capacity || files.count > capacity
    }

    /// Half of them at a time, so that it is seldom.
    fileprivate mutating func forgetSome(_ capacity: Int) {
        isComplete = false
        if clients.count > capacity {
            let most = clients.sorted { $0.value.bytes > $1.value.bytes }.prefix(capacity / 2)
            clients = Dictionary(uniqueKeysWithValues: most.map { ($0.key, $0.value) })
        }
        if files.count > capacity {
            let most = files.sorted { $0.value.downloads > $1.value.downloads }.prefix(capacity / 2)
            files = Dictionary(uniqueKeysWithValues: most.map { ($0.key, $0.value) })
        }
    }
}
