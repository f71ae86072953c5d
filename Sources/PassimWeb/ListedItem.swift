package import PassimCore

/// A file as the page lists it.
package struct ListedItem: Hashable, Sendable {
    package var entry: Entry
    /// Its path as people know it: without what is before it on disk only.
    package var path: RawName
    /// Its owner: the drop-in's file name, or "published".
    package var directory: String

    package init(entry: Entry, path: RawName, directory: String) {
        self.entry = entry
        self.path = path
        self.directory = directory
    }

    /// The page about it.
    var href: String { "/items/\(entry.digest.hex)" }

    var isServed: Bool { !entry.flags.contains(.disabled) }
}
