/// An item as the bus and the command tell it.
package struct ItemDescription: Hashable, Sendable {
    package var digest: Digest
    /// The basename, without the digest that a published file has before it on disk.
    package var filename: RawName
    /// Basename of the program that published it; empty: unknown, or a file of a directory.
    package var cmdline: String
    package var lifetime: Lifetime
    /// Whole downloads so far.
    package var shareCount: UInt32
    /// Bytes.
    package var size: UInt64
    package var flags: ItemFlags
    /// Unix seconds: when it was published; for files of a directory, and after a restart, when the file was
    /// made.
    package var created: Int64

    package init(
        digest: Digest, filename: RawName, cmdline: String = "", lifetime: Lifetime = .endless,
        shareCount: UInt32 = 0, size: UInt64, flags: ItemFlags = [], created: Int64
    ) {
        self.digest = digest
        self.filename = filename
        self.cmdline = cmdline
        self.lifetime = lifetime
        self.shareCount = shareCount
        self.size = size
        self.flags = flags
        self.created = created
    }
}

/// How long an item is shared.
package struct Lifetime: Hashable, Sendable {
    /// Seconds from when it was published; `unlimited`: for ever.
    package var maxAge: UInt32
    /// Whole downloads; 0 and `unlimited`: any number.
    package var shareLimit: UInt32

    package init(maxAge: UInt32 = 86400, shareLimit: UInt32 = 5) {
        self.maxAge = maxAge
        self.shareLimit = shareLimit
    }

    /// As the bus says "none".
    package static let unlimited = UInt32.max
    /// That of files of a directory.
    package static let endless = Lifetime(maxAge: unlimited, shareLimit: unlimited)

    /// True if so many shares are enough.
    package func isUsedUp(_ shareCount: UInt32) -> Bool { sharesLeft(shareCount) == 0 }

    /// How many shares there may be more; nil: any number.
    package func sharesLeft(_ shareCount: UInt32) -> UInt32? {
        guard shareLimit > 0, shareLimit < Lifetime.unlimited else { return nil }
        return shareLimit - min(shareLimit, shareCount)
    }
}
