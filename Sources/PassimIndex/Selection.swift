internal import PassimCore

/// The first few files in an order, of many that come one after the other: a heap of bounded size, whose root
/// is the last of them.
struct Selection {
    let isDescending: Bool
    /// Files that are kept, at most.
    let capacity: Int
    /// Files outside of it are counted, and not kept.
    let window: Window

    /// Files from one on, and up to another one; nil: from the first, to the last.
    struct Window {
        var floor: SortKey?
        var ceiling: SortKey?
    }

    private var heap: [(key: SortKey, entry: Entry)] = []
    /// Files that were offered.
    private(set) var total = 0
    /// The number of files before the floor.
    private(set) var skipped = 0

    init(capacity: Int, window: Window, isDescending: Bool) {
        self.capacity = capacity
        self.window = window
        self.isDescending = isDescending
    }

    mutating func offer(_ entry: Entry, _ position: SortKey.Position, name: UnsafeRawBufferPointer) {
        total += 1
        if let floor = window.floor, stands(position, name, before: floor) {
            skipped += 1
        } else if let ceiling = window.ceiling, !stands(position, name, before: ceiling) {
            return
        } else if heap.count < capacity {
            heap.append((SortKey(position, name: name), entry))
            rise()
        } else if let last = heap.first, stands(position, name, before: last.key) {
            heap[0] = (SortKey(position, name: name), entry)
            sink()
        }
    }

    /// The files with the ranks from `offset` on; nil where they are not among those that were kept.
    func files(from offset: Int, limit: Int) -> [Entry]? {
        let first = offset - skipped
        guard first >= 0, first + limit <= heap.count || skipped + heap.count == total else { return nil }
        return Array(sorted().dropFirst(first).prefix(limit))
    }

    /// The files that were kept, in order.
    func sorted() -> [Entry] {
        heap.sorted { precedes($0.key, $1.key) }.map(\.entry)
    }

    @inline(__always)
    private func stands(
        _ position: SortKey.Position, _ name: UnsafeRawBufferPointer, before key: SortKey
    ) -> Bool {
        // Keys differ, but for a file that is offered twice, which is not before itself.
        if position.id == key.position.id, position.major == key.position.major { return false }
        return key.follows(position, name) != isDescending
    }

    private func precedes(_ one: SortKey, _ other: SortKey) -> Bool {
        one.name.withUnsafeBytes { stands(one.position, $0, before: other) }
    }

    private mutating func rise() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[parent].key, heap[child].key) else { return }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var last = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && precedes(heap[last].key, heap[child].key) {
                last = child
            }
            if last == parent { return }
            heap.swapAt(parent, last)
            parent = last
        }
    }
}
