// The one way from a configured directory to a file below it: never through a symlink, never outside,
// whatever happens to the tree meanwhile, and at any depth.

internal import CLinux
internal import Glibc
package import PassimCore

extension Descriptor {
    /// Opens a path beneath this directory with openat2(2), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS.
    /// Mount points below the directory are crossed.
    ///
    /// A path longer than PATH_MAX is walked in pieces, each beneath the one before.
    ///
    /// - Throws: `.tooManyLinks` for a symlink on the way, `.crossDevice` for a way out.
    package borrowing func open(
        beneath path: RawName, _ flags: OpenFlags
    ) throws(SystemError) -> Descriptor {
        if path.bytes.count < Descriptor.longestPiece {
            return try openPiece(path.bytes, flags)
        }
        var rest = path.bytes[...]
        var directory: Descriptor?
        while rest.count >= Descriptor.longestPiece {
            guard let slash = rest.prefix(Descriptor.longestPiece).lastIndex(of: 0x2F) else {
                throw SystemError(code: .nameTooLong, call: .openat2, subject: path.description)
            }
            let piece = Array(rest[..<slash])
            let next: Descriptor
            if let here = directory.take() {
                next = try here.openPiece(piece, [.path, .directory])
            } else {
                next = try openPiece(piece, [.path, .directory])
            }
            directory = consume next
            rest = rest[(slash + 1)...]
        }
        // The loop ran at least once.
        return try directory.take()!.openPiece(Array(rest), flags)
    }

    /// Renames that may race with one call.
    private static var races: Int { 1000 }

    /// PATH_MAX of the kernel, with the NUL.
    private static var longestPiece: Int { 4096 }

    @inline(__always)
    private borrowing func openPiece(_ path: [UInt8], _ flags: OpenFlags) throws(SystemError) -> Descriptor {
        let directory = lend { $0 }
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
        let wanted = path.isEmpty ? [0x2E] : path
        var tries = 0
        while true {
            do throws(SystemError) {
                let number = try wanted.withCString { (text) throws(SystemError) in
                    try retrying(.openat2, RawName(bytes: path).description) {
                        clinux_openat2(directory, text, UInt64(flags.rawValue | O_CLOEXEC), resolve)
                    }
                }
                return Descriptor(owning: number)
            } catch {
                // EAGAIN: a rename somewhere raced with `..` handling; the call says to try again.
                tries += 1
                if error.code != .again || tries > Descriptor.races { throw error }
            }
        }
    }
}
