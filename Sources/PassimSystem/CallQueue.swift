package import PassimCore

/// Threads for calls that may block: so many at once, and so many that wait; what is more is refused. There are
/// threads only while there is work.
///
/// Users take turns, so that nobody waits behind all calls of another, and root's calls come first: some threads, and
/// places to wait, are root's alone. Where there are no users every call is root's.
package final class CallQueue: Sendable {
    package typealias Call = @Sendable () -> Void

    fileprivate struct State {
        /// In the order in which they came, of each user that has any.
        var waiting: [UInt32: [Call]] = [:]
        /// Users other than root with waiting calls, the next one first.
        var turns: [UInt32] = []
        var waitingOfOthers = 0
        var threads = 0
        /// Threads that run a call of another user than root.
        var threadsOfOthers = 0
        var isClosed = false
    }

    private let name: String
    private let threads: Int
    private let threadsForOthers: Int
    private let places: Int
    private let placesOfEach: Int
    private let state = Lock(State())
    private let idle = EventCount()

    /// - Parameters:
    ///   - name: of the threads, at most 15 bytes.
    ///   - threads: calls that run at once.
    ///   - rootThreads: how many of them are root's alone; fewer than all.
    ///   - waiting: calls of root that wait at a time, and as many of all others.
    ///   - waitingPerUser: calls of each of these that wait at a time.
    package init(
        name: String, threads: Int, rootThreads: Int = 0, waiting: Int, waitingPerUser: Int = .max
    ) {
        self.name = name
        self.threads = threads
        threadsForOthers = threads - rootThreads
        places = waiting
        placesOfEach = min(waiting, waitingPerUser)
    }

    /// - Returns: false if it is refused.
    package func submit(for user: UInt32 = 0, _ call: @escaping Call) -> Bool {
        enum Action { case refuse, wait, start }
        let action = state.withLock { state in
            if state.isClosed { return Action.refuse }
            if state.threads < threads, user == 0 || state.threadsOfOthers < threadsForOthers {
                state.begin(user)
                return .start
            }
            return wait(call, of: user, &state) ? .wait : .refuse
        }
        switch action {
        case .refuse: return false
        case .wait: return true
        case .start: break
        }
        do throws(SystemError) {
            _ = try SystemThread(name: name) { self.run(call, of: user) }
            return true
        } catch {
            // No thread can be had: those that there are take what waits.
            return state.withLock { state in
                state.end(user)
                return state.threads > 0 && !state.isClosed && wait(call, of: user, &state)
            }
        }
    }

    private func wait(_ call: @escaping Call, of user: UInt32, _ state: inout State) -> Bool {
        let own = state.waiting[user]?.count ?? 0
        if user == 0 {
            guard own < places else { return false }
        } else {
            guard own < placesOfEach, state.waitingOfOthers < places else { return false }
            state.waitingOfOthers += 1
            if own == 0 { state.turns.append(user) }
        }
        state.waiting[user, default: []].append(call)
        return true
    }

    private func run(_ first: Call, of user: UInt32) {
        first()
        var user = user
        while let (call, next) = next(after: user) {
            call()
            user = next
        }
        idle.notify(all: true)
    }

    private func next(after user: UInt32) -> (Call, UInt32)? {
        state.withLock { state in
            state.end(user)
            guard let next = state.takeNext(forOthers: state.threadsOfOthers < threadsForOthers) else {
                return nil
            }
            state.begin(next.user)
            return (next.call, next.user)
        }
    }

    /// Refuses what comes from now on, drops what waits, and waits for what runs.
    ///
    /// - Parameter deadline: of `monotonicNanoseconds()`.
    package func close(until deadline: UInt64) {
        let dropped = state.withLock { state in
            defer {
                state.waiting = [:]
                state.turns = []
                state.waitingOfOthers = 0
            }
            state.isClosed = true
            return state.waiting
        }
        // Freed without the lock: a call that is dropped is answered.
        _ = dropped
        while monotonicNanoseconds() < deadline {
            let ticket = idle.ticket()
            if state.withLock({ $0.threads == 0 }) { return }
            idle.wait(after: ticket, until: deadline)
        }
    }
}

extension CallQueue.State {
    fileprivate mutating func begin(_ user: UInt32) {
        threads += 1
        if user != 0 { threadsOfOthers += 1 }
    }

    fileprivate mutating func end(_ user: UInt32) {
        threads -= 1
        if user != 0 { threadsOfOthers -= 1 }
    }

    /// Root's first, then that of the user whose turn it is.
    fileprivate mutating func takeNext(forOthers: Bool) -> (call: CallQueue.Call, user: UInt32)? {
        let user: UInt32
        if waiting[0] != nil {
            user = 0
        } else if forOthers, !turns.isEmpty {
            user = turns.removeFirst()
            waitingOfOthers -= 1
        } else {
            return nil
        }
        let call = waiting[user]!.removeFirst()
        if waiting[user]!.isEmpty { waiting[user] = nil } else if user != 0 { turns.append(user) }
        return (call, user)
    }
}
