package import PassimConfig
package import PassimCore
internal import PassimSystem

/// Counts what a drop-in would share, without hashing or remembering any of it: for `--check-config`.
package struct DropInCount: Sendable {
    package private(set) var files = 0
    /// 2^64 - 1 at most.
    package private(set) var bytes: UInt64 = 0
    /// Files and directories that cannot be read.
    package private(set) var unreadable = 0
    /// One of them.
    package private(set) var firstUnreadable: String?
    /// Directories of the daemon, which are not shared.
    package private(set) var leftOut: [RawName] = []
    /// Patterns of `Include` that no file has matched.
    package private(set) var idlePatterns: [Glob]
    /// The directory, without symlinks.
    package let place: RawName
    private let onFile: @Sendable (RawName) -> Void

    /// - Parameter onFile: called with the path of each file.
    /// - Throws: if the directory itself cannot be opened, or may not be shared.
    package init(
        of dropIn: DropIn, by walk: PathWalk, besides privates: PrivateDirectories,
        onFile: @escaping @Sendable (RawName) -> Void = { _ in }
    ) throws(PathWalk.Failure) {
        self.onFile = onFile
        idlePatterns = dropIn.include
        let root = try walk.run(dropIn.path)
        do throws(SystemError) {
            place = try root.currentPath()
            try FileWalk.run(root, dropIn, besides: privates, &self)
        } catch {
            throw .system(error)
        }
    }
}

extension DropInCount: FileVisitor {
    mutating func visit(
        _ name: RawName, in directory: borrowing Descriptor, _ path: RawName, _ status: FileStatus
    ) throws(SystemError) {
        idlePatterns.removeAll { $0.matchesFileOrParent(path) }
        _ = try directory.open(name, fileFlags)
        files += 1
        onFile(path)
        bytes.add(saturating: status.identity.size)
    }

    mutating func failed(_ path: RawName, _ error: SystemError) {
        unreadable += 1
        if firstUnreadable == nil { firstUnreadable = "\(path): \(error.code.sentence)" }
    }

    mutating func leftOut(_ path: RawName) { leftOut.append(path) }
}

extension Glob {
    /// True if the pattern selects a file, itself or by a directory above it.
    fileprivate func matchesFileOrParent(_ path: RawName) -> Bool {
        path.bytes.withUnsafeBytes { bytes in
            matches(bytes)
                || bytes.indices.contains { end in
                    bytes[end] == 0x2F
                        && matches(UnsafeRawBufferPointer(rebasing: bytes[..<end]), isDirectory: true)
                }
        }
    }
}
