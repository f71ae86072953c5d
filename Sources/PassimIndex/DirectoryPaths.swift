internal import PassimCore

/// Paths of directories that a listing has come across: the files of one are far from each other in the index, and
/// each path is several steps through the tree.
struct DirectoryPaths {
    /// A directory's path, with a slash at its end.
    struct Place {
        fileprivate var directory: DirectoryID
        fileprivate var start: UInt32
        fileprivate var count: UInt32
        /// True if the filter's text is in the path, which then tells of all files below.
        private(set) var isFound: Bool

        fileprivate static let none = Place(
            directory: DirectoryTree.nowhere, start: 0, count: 0, isFound: false)

        fileprivate init(directory: DirectoryID, start: UInt32, count: UInt32, isFound: Bool) {
            self.directory = directory
            self.start = start
            self.count = count
            self.isFound = isFound
        }
    }

    /// Direct-mapped by the number: up to so many directories have a place each.
    private var slots: [Place]
    private var texts: [UInt8] = []
    private let room: Int
    private let filter: PathFilter?

    private static let mostSlots = 1 << 16

    /// - Parameters:
    ///   - count: directories that there are, about.
    ///   - room: bytes of paths that are kept, about.
    init(of count: Int, room: Int = 4 << 20, _ filter: PathFilter?) {
        var slots = 64
        while slots < min(count, DirectoryPaths.mostSlots) { slots *= 2 }
        self.slots = Array(repeating: .none, count: slots)
        self.room = room
        self.filter = filter
    }

    /// Makes room: places from before are not valid any more.
    mutating func trim() {
        guard texts.count > room else { return }
        texts.removeAll(keepingCapacity: true)
        for slot in slots.indices { slots[slot] = .none }
    }

    /// - Returns: nil where the directory has been reclaimed. Valid until `trim`.
    mutating func place(of directory: DirectoryID, in tree: borrowing DirectoryTree) -> Place? {
        let slot = Int(directory.number) & (slots.count - 1)
        if slots[slot].directory == directory, directory != DirectoryTree.nowhere { return slots[slot] }
        let start = texts.count
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        guard tree.appendPath(of: directory, appending: empty, to: &texts) else { return nil }
        var isFound = false
        if let filter, filter.isOfOneComponent {
            isFound = texts.withUnsafeBytes {
                filter.matches(UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
        }
        slots[slot] = Place(
            directory: directory, start: UInt32(start), count: UInt32(texts.count - start), isFound: isFound)
        return slots[slot]
    }

    /// Replaces `path` by that of a file.
    @inline(__always)
    func write(_ place: Place, appending name: UnsafeRawBufferPointer, to path: inout [UInt8]) {
        path.removeAll(keepingCapacity: true)
        texts.withUnsafeBytes {
            path.append(contentsOf: $0[Int(place.start)..<Int(place.start + place.count)])
        }
        path.append(contentsOf: name)
    }
}
