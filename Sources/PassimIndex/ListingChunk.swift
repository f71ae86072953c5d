internal import PassimCore

/// A few files of a shard with their names and directories, in memory that is used again: looking at a million
/// files allocates nothing for each.
struct ListingChunk {
    /// Records that are looked at while a shard's lock is held: some microseconds.
    static let size = 64

    private(set) var entries: [Entry] = []
    private var names: [UInt8] = []
    /// The end of each name.
    private var ends: [Int] = []
    /// The places of the directories; nil for one that has been reclaimed meanwhile.
    private var places: [DirectoryPaths.Place?] = []

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        names.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    mutating func append(_ entry: Entry, name: UnsafeRawBufferPointer) {
        entries.append(entry)
        names.append(contentsOf: name)
        ends.append(names.count)
    }

    mutating func findDirectories(_ tree: borrowing DirectoryTree, _ paths: inout DirectoryPaths) {
        paths.trim()
        places.removeAll(keepingCapacity: true)
        for entry in entries { places.append(paths.place(of: entry.directory, in: tree)) }
    }

    /// Lends each file whose directory was found, that, and the file's name.
    @inline(__always)
    func forEach(_ body: (Entry, DirectoryPaths.Place, UnsafeRawBufferPointer) -> Void) {
        names.withUnsafeBytes { names in
            var start = 0
            for (position, end) in ends.enumerated() {
                if let place = places[position] {
                    body(entries[position], place, UnsafeRawBufferPointer(rebasing: names[start..<end]))
                }
                start = end
            }
        }
    }
}
