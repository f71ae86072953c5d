internal import PassimCore

/// A few files of a shard with their names and paths, in memory that is used again: looking at a million
/// files allocates nothing for each.
struct ListingChunk {
    /// Records that are looked at while a shard's lock is held: some microseconds.
    static let size = 64

    private(set) var entries: [Entry] = []
    /// Names while they are copied from the shard, paths from `findPaths` on; each ends where `ends` says.
    private var texts: [UInt8] = []
    private var ends: [Int] = []
    private var names: [UInt8] = []
    private var nameEnds: [Int] = []

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        texts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    mutating func append(_ entry: Entry, name: UnsafeRawBufferPointer) {
        entries.append(entry)
        texts.append(contentsOf: name)
        ends.append(texts.count)
    }

    /// Replaces the names by paths, and leaves out files whose directory has been reclaimed meanwhile.
    mutating func findPaths(_ tree: borrowing DirectoryTree) {
        swap(&names, &texts)
        swap(&nameEnds, &ends)
        texts.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        var start = 0
        var kept = 0
        for (position, end) in nameEnds.enumerated() {
            let isThere = names.withUnsafeBytes { names in
                tree.appendPath(
                    of: entries[position].directory,
                    appending: UnsafeRawBufferPointer(rebasing: names[start..<end]), to: &texts)
            }
            start = end
            guard isThere else { continue }
            ends.append(texts.count)
            entries[kept] = entries[position]
            kept += 1
        }
        entries.removeLast(entries.count - kept)
    }

    /// Lends each file and its name or path.
    func forEach(_ body: (Entry, UnsafeRawBufferPointer) -> Void) {
        texts.withUnsafeBytes { texts in
            var start = 0
            for (position, end) in ends.enumerated() {
                body(entries[position], UnsafeRawBufferPointer(rebasing: texts[start..<end]))
                start = end
            }
        }
    }
}
