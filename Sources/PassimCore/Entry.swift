/// Which record of the index an entry is; reused after the entry has gone, so it is compared together
/// with the digest and the identity.
package struct EntryID: Hashable, Sendable {
    package let number: UInt32

    package init(_ number: UInt32) {
        self.number = number
    }
}

/// A directory below an origin, interned by the index.
package struct DirectoryID: Hashable, Sendable {
    package let number: UInt32

    package init(_ number: UInt32) {
        self.number = number
    }
}

/// Flags of an item; the bits are those of `flags` on the bus.
package struct ItemFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Known, but not served now: HTTP 423.
    package static let disabled = ItemFlags(rawValue: 1)
    /// Served after the next boot only; implies `disabled` until then.
    package static let nextReboot = ItemFlags(rawValue: 2)
    /// In the index only, not on the bus: on its file system inode numbers do not last, and a number made of the path
    /// stands in place of the inode's.
    package static let isToldByPath = ItemFlags(rawValue: 0x80)
}

/// One file that the index knows: everything that serving needs but its path. Trivial to copy.
package struct Entry: Hashable, Sendable {
    package var id: EntryID
    package var digest: Digest
    package var identity: FileIdentity
    package var origin: OriginID
    package var directory: DirectoryID
    package var flags: ItemFlags

    package init(
        id: EntryID, digest: Digest, identity: FileIdentity, origin: OriginID, directory: DirectoryID,
        flags: ItemFlags
    ) {
        self.id = id
        self.digest = digest
        self.identity = identity
        self.origin = origin
        self.directory = directory
        self.flags = flags
    }

    /// Brings what stat(2) tells of a file under the entry's path into the entry's form: equal if it is the file that
    /// was hashed.
    @inline(__always)
    package func seen(_ identity: FileIdentity) -> FileIdentity {
        guard flags.contains(.isToldByPath) else { return identity }
        var identity = identity
        identity.inode = self.identity.inode
        return identity
    }
}

/// An entry with its path, for listings.
package struct Item: Hashable, Sendable {
    package var entry: Entry
    /// Relative to the origin.
    package var path: RawName

    package init(entry: Entry, path: RawName) {
        self.entry = entry
        self.path = path
    }
}

/// A part of a listing.
package struct Page: Sendable {
    package var items: [Item]
    /// How many items the whole listing has.
    package var total: Int

    package init(items: [Item], total: Int) {
        self.items = items
        self.total = total
    }
}
