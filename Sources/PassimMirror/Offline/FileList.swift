package import PassimConfig
package import PassimCore
package import PassimSystem

/// The files of a tree that a drop-in would share, as they were found: what is to be read, and how much that is.
package struct FileList: Sendable {
    /// Files of one directory, in the memory that their names take: there may be millions.
    struct Batch {
        var directory: RawName
        /// Each with a NUL behind it.
        var names: [UInt8] = []
        var bytes: UInt64 = 0

        /// A turn of a thread: so that no two wait for a third at the end.
        var isFull: Bool { names.count >= 4096 || bytes >= 64 << 20 }
    }

    private(set) var batches: [Batch] = []
    package private(set) var files = 0
    package private(set) var bytes: UInt64 = 0
    /// Paths that could not be looked at, and why.
    package private(set) var unreadable: [(path: RawName, reason: String)] = []

    /// - Parameter root: the directory, open at least as a place.
    /// - Parameter dropIn: its path does not count.
    /// - Parameter privates: directories of the daemon, which are left out.
    /// - Throws: where the directory itself cannot be read.
    package init(
        of root: borrowing Descriptor, _ dropIn: DropIn, besides privates: PrivateDirectories = .init()
    ) throws(SystemError) {
        try FileWalk.run(root, dropIn, besides: privates, &self)
    }
}

extension FileList: FileVisitor {
    mutating func visit(
        _ name: RawName, in directory: borrowing Descriptor, _ path: RawName, _ status: FileStatus
    ) throws(SystemError) {
        files += 1
        bytes.add(saturating: status.identity.size)
        let parent = path.parent
        if batches.last.map({ $0.isFull || $0.directory != parent }) ?? true {
            batches.append(Batch(directory: parent))
        }
        batches[batches.count - 1].names += name.bytes + [0]
        batches[batches.count - 1].bytes.add(saturating: status.identity.size)
    }

    mutating func failed(_ path: RawName, _ error: SystemError) {
        unreadable.append((path, error.code.sentence))
    }

    mutating func leftOut(_ path: RawName) {}
}
