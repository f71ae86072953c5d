// Digests that root has told of (`passim scan`, `passim mirror sync`): the daemon need not read those files.
//
// Why they may be believed, where a file's attributes may not: root could as well replace the daemon. Root has
// read the file and looked at it by stat(2) before and after, as the daemon does; whatever happened to the file since
// then has moved its ctime, which nobody can put back. A change within the same tick of the kernel's clock (4 ms) does
// not show: where the directory is watched, the event of it does, and then the file is read. Otherwise it is as with a
// stamp that was written while no daemon ran.

internal import PassimCore
internal import PassimSystem

final class Vouchers: Sendable {
    /// 130 bytes each: 34 MB in all. What goes is hashed, as any other file.
    private static let limit = 1 << 18

    private let known = Lock(RecentTable<FileIdentity, Digest>(capacity: Vouchers.limit))

    func add(_ files: [Voucher]) {
        known.withLock { known in
            for file in files { known[file.identity] = file.digest }
        }
    }

    func find(_ identity: FileIdentity) -> Digest? { known.withLock { $0[identity] } }
}
