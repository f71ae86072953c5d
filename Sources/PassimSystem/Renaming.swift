internal import CLinux
internal import Glibc
package import PassimCore

/// RENAME_NOREPLACE of <linux/fs.h>, which glibc shows only under _GNU_SOURCE.
private let renameNoReplace: CUnsignedInt = 1

extension Descriptor {
    /// renameat2(2) with RENAME_NOREPLACE within this directory: what has the name `new` is never lost.
    ///
    /// File systems without that flag (NFS) get a look before the rename instead.
    ///
    /// - Throws: `.exists` where there is something named `new`.
    package borrowing func renameWithoutReplacing(_ old: RawName, to new: RawName) throws(SystemError) {
        let number = lend { $0 }
        do throws(SystemError) {
            _ = try old.withCString { (oldText) throws(SystemError) in
                try new.withCString { (newText) throws(SystemError) in
                    try retrying(.renameat, "\(old) to \(new)") {
                        clinux_renameat2(number, oldText, number, newText, renameNoReplace)
                    }
                }
            }
        } catch {
            guard error.code == .invalid || error.code == .notImplemented else { throw error }
            do throws(SystemError) {
                _ = try open(new, [.path, .noFollow])
            } catch {
                guard error.code == .notFound else { throw error }
                return try rename(old, to: new)
            }
            throw SystemError(code: .exists, call: .renameat, subject: "\(old) to \(new)")
        }
    }
}
