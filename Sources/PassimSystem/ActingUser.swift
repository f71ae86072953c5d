internal import CLinux
internal import Glibc
internal import PassimCore

/// A user whose view of the file system is wanted: what the daemon may read is not what root may.
package struct ActingUser: Sendable, Equatable {
    package let user: UInt32
    let group: UInt32
    let groups: [UInt32]

    package init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.groups = groups
    }

    /// With the groups of /etc/group (getgrouplist(3)); nil if there is no such user.
    package static func named(_ name: String) -> ActingUser? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { buffer -> ActingUser? in
            guard getpwnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil
            else {
                return nil
            }
            var groups = [gid_t](repeating: 0, count: 256)
            var count = CInt(groups.count)
            guard getgrouplist(name, entry.pw_gid, &groups, &count) >= 0 else {
                return ActingUser(user: entry.pw_uid, group: entry.pw_gid, groups: [entry.pw_gid])
            }
            return ActingUser(
                user: entry.pw_uid, group: entry.pw_gid, groups: Array(groups.prefix(Int(count))))
        }
    }

    /// Runs `body` on a thread of its own, for which the file system is as this user has it (setfsuid(2)). Needs root.
    ///
    /// - Throws: `.notPermitted` where this process may not do so.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) throws(SystemError) -> Result
    {
        let outcome = Lock<Outcome<Result>?>(nil)
        let thread = try SystemThread(name: "as user") { [self] in
            let code = groups.withUnsafeBufferPointer {
                clinux_act_as(user, group, $0.baseAddress, $0.count)
            }
            let failure = errno
            outcome.withLock { $0 = code == 0 ? .done(body()) : .failed(failure) }
        }
        thread.join()
        switch outcome.withLock({ $0 })! {
        case .done(let result): return result
        case .failed(let code): throw SystemError(code: .init(rawValue: code), call: .setfsuid)
        }
    }

    private enum Outcome<Result: Sendable>: Sendable {
        case done(Result)
        case failed(CInt)
    }
}
