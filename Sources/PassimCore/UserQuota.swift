/// Counts what users have under way (calls, bytes), so that none takes it from the others: each user has a limit, all
/// users but root have one together, and root has one of its own, of which nobody else can take anything.
package final class UserQuota: Sendable {
    package struct Limits: Hashable, Sendable {
        package var eachUser: Int
        package var allUsers: Int
        package var root: Int

        /// - Parameters:
        ///   - eachUser: of each user but root.
        ///   - allUsers: of all of them together.
        package init(eachUser: Int, allUsers: Int, root: Int) {
            self.eachUser = eachUser
            self.allUsers = allUsers
            self.root = root
        }
    }

    private struct State {
        /// The amount under way, by user; users with none are left out.
        var users: [UInt32: Int] = [:]
        var others = 0
    }

    private let limits: Limits
    private let state = Lock(State())

    package init(_ limits: Limits) {
        self.limits = limits
    }

    /// The amount that all users have under way, root included.
    package var total: Int { state.withLock { $0.others + ($0.users[0] ?? 0) } }

    /// - Returns: false if that is more than is left for the user; else `give` must follow.
    package func take(_ amount: Int = 1, for user: UInt32) -> Bool {
        state.withLock { state in
            let before = state.users[user] ?? 0
            if user == 0 {
                guard before + amount <= limits.root else { return false }
            } else {
                guard before + amount <= limits.eachUser, state.others + amount <= limits.allUsers else {
                    return false
                }
                state.others += amount
            }
            state.users[user] = before + amount
            return true
        }
    }

    /// Gives back what was taken, or a part of it.
    package func give(_ amount: Int = 1, for user: UInt32) {
        state.withLock { state in
            let left = (state.users[user] ?? 0) - amount
            precondition(left >= 0, "more is given back than was taken")
            state.users[user] = left > 0 ? left : nil
            if user != 0 { state.others -= amount }
        }
    }
}
