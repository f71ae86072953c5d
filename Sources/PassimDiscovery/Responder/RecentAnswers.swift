internal import PassimCore

/// Which answers were multicast on a link within their lifetime: what others may hold in their caches.
struct RecentAnswers {
    private var times: [DigestPrefix: UInt64] = [:]
    /// Oldest first, from `head` on; some have been said again since.
    private var order: [(prefix: DigestPrefix, time: UInt64)] = []
    private var head = 0
    private let capacity: Int

    private static let lifetime = UInt64(AnswerRules.lifetime) * 1_000_000_000

    /// - Parameter capacity: the oldest are forgotten where there are more.
    init(capacity: Int = AnswerRules.mostRecent) {
        self.capacity = capacity
    }

    var count: Int { times.count }

    mutating func note(_ prefix: DigestPrefix, at now: UInt64) {
        forget(at: now)
        times[prefix] = now
        order.append((prefix, now))
        if order.count - head > capacity { forgetOldest() }
    }

    /// When it was multicast last; nil where that is longer ago than others keep it.
    func last(_ prefix: DigestPrefix, at now: UInt64) -> UInt64? {
        guard let time = times[prefix], now < time + RecentAnswers.lifetime else { return nil }
        return time
    }

    /// Prefixes of answers that others may hold.
    func prefixes(at now: UInt64) -> [DigestPrefix] {
        times.lazy.filter { now < $0.value + RecentAnswers.lifetime }.map(\.key)
    }

    mutating func remove(_ prefix: DigestPrefix) { times[prefix] = nil }

    mutating func removeAll() { self = RecentAnswers(capacity: capacity) }

    private mutating func forget(at now: UInt64) {
        while head < order.count, order[head].time + RecentAnswers.lifetime <= now { forgetOldest() }
    }

    private mutating func forgetOldest() {
        let (prefix, time) = order[head]
        if times[prefix] == time { times[prefix] = nil }
        head += 1
        // Moved seldom enough to cost nothing.
        if head >= 64, head * 2 >= order.count {
            order.removeFirst(head)
            head = 0
        }
    }
}
