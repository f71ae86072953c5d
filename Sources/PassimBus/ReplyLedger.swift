internal import PassimCore
internal import PassimGLib
internal import PassimSystem

/// The bytes of listings that wait: those that are made, those that the bus has not taken, and those that the caller
/// has not read. Bounded for each user, for all of them, and for root, which has a share of its own.
///
/// Listings that are not read count as well: dbus-daemon reads nothing more of a service when 127 MiB of it
/// are unread.
final class ReplyLedger: Sendable {
    /// All together less than dbus-daemon's 127 MiB, each a listing of 24 MiB at least.
    static let limits = UserQuota.Limits(eachUser: 50 << 20, allUsers: 64 << 20, root: 50 << 20)
    /// If the bus does not tell, a reply counts as read after this time: stock clients wait 1.5 s. In nanoseconds.
    private static let readingTime: UInt64 = 2_000_000_000
    /// The callers with the most are asked about, that many at a time.
    private static let mostQuestions = 64

    /// Bytes that the bus has taken for a caller and may still hold.
    private struct Unread {
        var user: UInt32
        var bytes: Int
        /// When the last of it was taken.
        var time: UInt64
    }

    /// Its lock is taken before that of `bytes`, never after it.
    private struct State {
        var unread: [String: Unread] = [:]
        /// Reservations that wait for the bus to say what has been read.
        var waiting: [@Sendable () -> Void] = []
        var questions = 0
    }

    private let bytes: UserQuota
    private let places = UserQuota(.init(eachUser: 16, allUsers: 64, root: 64))
    private let state = Lock(State())

    init(_ limits: UserQuota.Limits = ReplyLedger.limits) {
        bytes = UserQuota(limits)
    }

    /// Bytes that count now.
    var total: Int { bytes.total }

    /// Asks how many bytes the bus holds for a caller; nil if it does not tell.
    typealias Ask = @Sendable (_ sender: String, _ done: @escaping @Sendable (Int?) -> Void) -> Void

    /// Reserves bytes for a reply; on the bus's thread.
    ///
    /// - Parameters:
    ///   - ask: used if there is no room, for those who have not read all.
    ///   - done: called once, at once if there is room: nil if there is none.
    func reserve(
        _ count: Int, for user: UInt32, of sender: String, asking ask: Ask,
        _ done: @escaping @Sendable (Reservation?) -> Void
    ) {
        if let reservation = take(count, user, sender) { return done(reservation) }
        guard places.take(for: user) else { return done(nil) }
        let suspects = state.withLock { state -> [String] in
            state.waiting.append { [self] in
                places.give(for: user)
                done(take(count, user, sender))
            }
            guard state.waiting.count == 1 else { return [] }
            let most = state.unread.sorted { $0.value.bytes > $1.value.bytes }.prefix(
                ReplyLedger.mostQuestions)
            state.questions = most.count
            return most.map(\.key)
        }
        for sender in suspects {
            ask(sender) { [self] in confirm(sender, $0) }
        }
        if suspects.isEmpty, state.withLock({ $0.questions == 0 }) { goOn() }
    }

    private func take(_ count: Int, _ user: UInt32, _ sender: String) -> Reservation? {
        bytes.take(count, for: user) ? Reservation(self, count, user: user, sender: sender) : nil
    }

    /// - Parameter count: bytes of the caller that the bus holds; nil if it does not tell.
    private func confirm(_ sender: String, _ count: Int?) {
        let isLast = state.withLock { state in
            if var unread = state.unread[sender] {
                let isOld = unread.time + ReplyLedger.readingTime < monotonicNanoseconds()
                let left = min(unread.bytes, count ?? (isOld ? 0 : unread.bytes))
                if left < unread.bytes { bytes.give(unread.bytes - left, for: unread.user) }
                unread.bytes = left
                state.unread[sender] = left > 0 ? unread : nil
            }
            state.questions -= 1
            return state.questions == 0
        }
        if isLast { goOn() }
    }

    private func goOn() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body() }
    }

    fileprivate func resize(_ reservation: Reservation, from before: Int, to now: Int) -> Bool {
        if now > before { return bytes.take(now - before, for: reservation.user) }
        if now < before { bytes.give(before - now, for: reservation.user) }
        return true
    }

    /// It has been written, or never will be.
    fileprivate func release(_ reservation: Reservation, _ count: Int, isWritten: Bool) {
        guard isWritten else { return bytes.give(count, for: reservation.user) }
        state.withLock { state in
            var unread = state.unread[reservation.sender] ?? Unread(user: reservation.user, bytes: 0, time: 0)
            unread.bytes += count
            unread.time = monotonicNanoseconds()
            state.unread[reservation.sender] = unread
        }
    }

    /// Another connection: what was sent over the one before counts there.
    func forgetUnread() {
        let unread = state.withLock { state in
            defer { state.unread = [:] }
            return state.unread
        }
        for each in unread.values { bytes.give(each.bytes, for: each.user) }
    }
}

/// Bytes for one reply; goes with the reply's bytes, and ends with them.
final class Reservation: Sendable {
    fileprivate let user: UInt32
    fileprivate let sender: String
    private let ledger: ReplyLedger
    private let state: Lock<(count: Int, isAnswered: Bool)>

    fileprivate init(_ ledger: ReplyLedger, _ count: Int, user: UInt32, sender: String) {
        self.ledger = ledger
        self.user = user
        self.sender = sender
        state = Lock((count, false))
    }

    deinit {
        let (count, isAnswered) = state.withLock { $0 }
        ledger.release(self, count, isWritten: isAnswered)
    }

    /// The reply has this size, and is handed over.
    ///
    /// - Returns: false if there is no room for it.
    func settle(_ count: Int) -> Bool {
        state.withLock { state in
            guard ledger.resize(self, from: state.count, to: count) else { return false }
            state = (count, true)
            return true
        }
    }
}
