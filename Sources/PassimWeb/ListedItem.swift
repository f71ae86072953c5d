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

extension RawName {
    /// The path with eight digits of a digest that its last component begins with, as those of the LVFS do: they look all
    /// alike otherwise.
    var shortened: RawName {
        let start = bytes.lastIndex(of: 0x2F).map { $0 + 1 } ?? 0
        let digits = bytes[start...].prefix { byte in
            0x30...0x39 ~= byte || 0x61...0x66 ~= byte || 0x41...0x46 ~= byte
        }
        // SHA-1 or SHA-256, and what it is of.
        guard digits.count == 40 || digits.count == 64, digits.endIndex < bytes.count,
            bytes[digits.endIndex] == 0x2D
        else { return self }
        return RawName(bytes: bytes[..<(start + 8)] + Array("…".utf8) + bytes[digits.endIndex...])
    }
}
