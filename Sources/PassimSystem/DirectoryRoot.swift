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

    /// The same, where all of the way is in the kernel's cache of names (RESOLVE_CACHED): no disk is waited for to
    /// find the file. Opening it may still wait where its file system does for that: with local ones it does not.
    ///
    /// - Returns: nil where the way is not in the cache, is longer than PATH_MAX, or the kernel is older than 5.12.
    package borrowing func openCached(
        beneath path: RawName, _ flags: OpenFlags
    ) throws(SystemError) -> Descriptor? {
        guard path.bytes.count < Descriptor.longestPiece, !path.bytes.isEmpty else { return nil }
        let directory = lend { $0 }
        return try openCachedFile(
            directory, path, flags, UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS))
    }

    /// openat2(2) of a path of the file system, symlinks followed, as far as it is in the kernel's cache of names.
    ///
    /// - Returns: nil as above.
    package static func openCached(
        _ path: String, _ flags: OpenFlags
    ) throws(SystemError) -> Descriptor? {
        try openCachedFile(AT_FDCWD, RawName(path), flags, 0)
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

private func openCachedFile(
    _ directory: CInt, _ path: RawName, _ flags: OpenFlags, _ resolve: UInt64
) throws(SystemError) -> Descriptor? {
    do throws(SystemError) {
        let number = try path.withCString { (text) throws(SystemError) in
            try retrying(.openat2, path.description) {
                clinux_openat2(
                    directory, text, UInt64(flags.rawValue | O_CLOEXEC), resolve | UInt64(RESOLVE_CACHED))
            }
        }
        return Descriptor(owning: number)
    } catch {
        // EINVAL: the kernel does not know RESOLVE_CACHED.
        if error.code == .again || error.code == .invalid { return nil }
        throw error
    }
}
