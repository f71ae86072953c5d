/// One change to the index. All writers go through `apply`, in batches.
package enum Change: Sendable {
    /// The file `name` of a directory has this content now; replaces what was known under that name.
    case insert(
        directory: DirectoryID, name: RawName, digest: Digest, identity: FileIdentity, flags: ItemFlags)
    /// The file `name` of a directory is gone, or what was known of it is not true any more.
    case remove(directory: DirectoryID, name: RawName)
    /// This entry is not true any more; nothing happens if it was replaced in the meantime.
    case drop(Entry)
}

/// The changes of one batch as subscribers see them.
package struct Batch: Sendable {
    /// 1, 2, 3 …: a subscriber that sees a gap has missed a batch.
    package var sequence: UInt64
    /// Digests that nobody had before.
    package var appeared: [Digest]
    /// Digests whose last file has gone.
    package var vanished: [Digest]
    /// Digests, besides these, of which a file came, went, or changed its flags; perhaps one that nobody has
    /// now, nor had before the batch.
    package var altered: [Digest]
    /// Which of the changes, counted from 0, the index could not take: it is full, the name is longer
    /// than any file system has, or the directory has been removed since it was asked for. What was known
    /// under the name is gone.
    package var refused: [Int]

    package init(
        sequence: UInt64, appeared: [Digest], vanished: [Digest], altered: [Digest] = [], refused: [Int] = []
    ) {
        self.sequence = sequence
        self.appeared = appeared
        self.vanished = vanished
        self.altered = altered
        self.refused = refused
    }

    package var isEmpty: Bool { appeared.isEmpty && vanished.isEmpty && altered.isEmpty }
}
