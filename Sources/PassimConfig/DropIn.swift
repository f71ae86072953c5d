package import PassimCore

/// One drop-in: a directory that is shared, and what of it.
///
/// Paths are relative to the directory, as bytes, without a leading `/`.
package struct DropIn: Sendable, Equatable {
    /// The file's name in passim.d.
    package var name: String
    /// The file's full path.
    package var file: String
    /// The directory, absolute. It may be a symlink, and need not exist.
    package var path: String
    /// True if sub-directories are shared too.
    package var recursive = true
    /// Files to share; empty: everything.
    package var include: [Glob] = []
    /// Not shared, included or not.
    package var exclude: [Glob] = DropIn.temporaries
    package var advertise = true
    /// Seconds before an address may have the same file again; 0: at once.
    package var cooldown = 0
    /// Seconds between walks over the whole directory; 0: only when something is seen to change.
    /// nil: not said, and then only where other machines may change the files.
    package var rescanInterval: Int?
    /// Seconds after which a mirror without a whole sync, or without newer content where nothing syncs it, is stale;
    /// 0: never. nil: not said, which is `DropIn.usualStaleAfter` where something syncs it, and else never.
    package var staleAfter: Int?
    /// Bytes per second over all its downloads; 0: no limit.
    package var maxRate: UInt64 = 0
    /// The URL `passim mirror sync` gets files from; nil: it does not.
    package var source: SourceURL?
    /// A file of the authorities that the source's certificate is checked with; nil: those of the system.
    package var sourceAuthorities: String?
    /// Seconds for which metadata stays that the source has replaced.
    package var keepOld: Int = DropIn.usualKeepOld

    package static let usualKeepOld = 172_800

    /// 72 h, in seconds.
    package static let usualStaleAfter = 259_200
    /// True if files can be had by name as well as by digest.
    package var names = false
    /// The directory's path in URLs, for files that are to be had by name; without a slash at either end.
    package var prefix = RawName.empty

    /// A drop-in with defaults.
    package init(name: String, file: String, path: String) {
        self.name = name
        self.file = file
        self.path = path
    }

    /// True if this file is shared, as far as its path tells: neither it nor a directory above it is
    /// excluded, and it or one of them is included.
    ///
    /// - Parameter entered: the caller has asked `entersDirectory` for those above: a walk does, and saves
    ///   two thirds of the time.
    package func accepts(_ path: UnsafeRawBufferPointer, entered: Bool = false) -> Bool {
        if !recursive, path.contains(0x2F) { return false }
        if !entered, hasParent(of: path, in: exclude) { return false }
        if exclude.indices.contains(where: { exclude[$0].matches(path) }) { return false }
        return include.isEmpty || include.indices.contains { include[$0].matches(path) }
            || hasParent(of: path, in: include)
    }

    package func accepts(_ path: RawName, entered: Bool = false) -> Bool {
        path.bytes.withUnsafeBytes { accepts($0, entered: entered) }
    }

    /// True if a walk goes into this directory: neither it nor one above it is excluded. The empty path is
    /// the drop-in's directory itself, which is always entered.
    package func entersDirectory(_ path: UnsafeRawBufferPointer) -> Bool {
        if path.isEmpty { return true }
        return recursive && !hasParent(of: path, in: exclude)
            && !exclude.indices.contains { exclude[$0].matches(path, isDirectory: true) }
    }

    package func entersDirectory(_ path: RawName) -> Bool {
        path.bytes.withUnsafeBytes { entersDirectory($0) }
    }

    /// The rest of a path in URLs below `prefix`: empty if it is the prefix; nil if it is not below.
    package func pathBelowPrefix(_ path: RawName) -> RawName? {
        if prefix.isEmpty || path == prefix { return prefix.isEmpty ? path : .empty }
        guard path.bytes.starts(with: prefix.appending(.empty).bytes) else { return nil }
        return RawName(bytes: Array(path.bytes[(prefix.bytes.count + 1)...]))
    }

    /// True if one of the patterns matches a directory above this path.
    private func hasParent(of path: UnsafeRawBufferPointer, in patterns: [Glob]) -> Bool {
        for end in path.indices where path[end] == 0x2F {
            let above = UnsafeRawBufferPointer(rebasing: path[..<end])
            for index in patterns.indices where patterns[index].matches(above, isDirectory: true) {
                return true
            }
        }
        return false
    }
}
