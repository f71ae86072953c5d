internal import PassimCore
internal import PassimGLib

/// The callers on one connection to the bus: which user each is, how much it has not read yet. Asks the bus, on the
/// bus's thread. A unique name is never given to another while the bus runs.
final class Senders: Sendable {
    typealias User = Result<UInt32, CallFailure>

    private struct State {
        var users: [String: UInt32] = [:]
        /// Calls that wait for the bus to say who calls, by caller.
        var waiting: [String: [@Sendable (User) -> Void]] = [:]
    }

    private let connection: BusConnection
    private let state = Lock(State())

    /// As many connections as dbus-daemon has at a time.
    private static let mostKnown = 2048
    private static let mostWaiting = 64

    init(_ connection: BusConnection) {
        self.connection = connection
    }

    /// The user number of who calls.
    ///
    /// - Returns: false if too much of this caller waits for that: then `done` is not called.
    func user(of call: BusInvocation, _ done: @escaping @Sendable (User) -> Void) -> Bool {
        enum Action { case answer(UInt32), ask, wait, refuse }
        let sender = call.sender
        let action = state.withLock { state in
            if let user = state.users[sender] { return Action.answer(user) }
            let count = state.waiting[sender]?.count ?? 0
            guard count < Senders.mostWaiting, count > 0 || state.waiting.count < Senders.mostKnown else {
                return .refuse
            }
            state.waiting[sender, default: []].append(done)
            return count == 0 ? .ask : .wait
        }
        switch action {
        case .refuse: return false
        case .wait: return true
        case .answer(let user): done(.success(user))
        case .ask:
            ask("GetConnectionUnixUser", about: sender) { [weak self] in self?.answered(sender, $0) }
        }
        return true
    }

    private func answered(_ sender: String, _ user: User) {
        let waiting = state.withLock { state in
            if case .success(let user) = user {
                if state.users.count >= Senders.mostKnown { state.users = [:] }
                state.users[sender] = user
            }
            return state.waiting.removeValue(forKey: sender) ?? []
        }
        for body in waiting { body(user) }
    }

    /// The process number of who calls; nil if it cannot be had, from another container for example.
    func process(of call: BusInvocation, _ done: @escaping @Sendable (UInt32?) -> Void) {
        ask("GetConnectionUnixProcessID", about: call.sender) { done(try? $0.get()) }
    }

    private func ask(_ question: String, about sender: String, _ done: @escaping @Sendable (User) -> Void) {
        let method = BusConnection.Method(
            question, of: BusNames.bus, at: BusNames.busPath, destination: BusNames.bus)
        connection.call(method, Variant(tuple: [Variant(sender)]), answer: "(u)", seconds: 10) { result in
            done(result.map { $0.children[0].uint32! })
        }
    }

    /// How many bytes wait in the bus for a caller to read them: 0 if it has gone, nil if the bus does not tell.
    /// dbus-daemon does, if its policy allows; dbus-broker keeps senders from filling each other's share by itself.
    func unread(of sender: String, _ done: @escaping @Sendable (Int?) -> Void) {
        let method = BusConnection.Method(
            "GetConnectionStats", of: BusNames.statistics, at: BusNames.busPath, destination: BusNames.bus)
        connection.call(method, Variant(tuple: [Variant(sender)]), answer: "(a{sv})", seconds: 2) { result in
            switch result {
            case .success(let answer):
                done(answer.children[0].value(forKey: "OutgoingBytes")?.uint32.map { Int($0) })
            case .failure(.remote(BusNames.noSuchName, _)): done(0)
            case .failure: done(nil)
            }
        }
    }
}
