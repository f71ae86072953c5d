internal import Glibc

/// The number of a user (getpwnam_r(3)); nil if there is no such user, or it cannot be found out.
package func userIdentifier(named name: String) -> UInt32? { identifiers(ofUser: name)?.user }

/// The numbers of a user and of its first group; nil as above.
package func identifiers(ofUser name: String) -> (user: UInt32, group: UInt32)? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { buffer in
        guard getpwnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found) == 0, found != nil else {
            return nil
        }
        return (entry.pw_uid, entry.pw_gid)
    }
}
