/// A binary heap of things that wait for their time, soonest first.
struct DelayQueue<Element> {
    private var heap: [(due: UInt64, element: Element)] = []

    var isEmpty: Bool { heap.isEmpty }
    var count: Int { heap.count }

    /// When the next one is due, in nanoseconds of the monotonic clock.
    var nextDue: UInt64? { heap.first?.due }

    mutating func insert(_ element: Element, due: UInt64) {
        heap.append((due, element))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].due <= heap[child].due { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    /// The next one, if its time has come.
    mutating func pop(now: UInt64) -> Element? {
        guard let first = heap.first, first.due <= now else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].due < heap[least].due { least = child }
            }
            if least == parent { break }
            heap.swapAt(parent, least)
            parent = least
        }
        if heap.isEmpty { heap = [] }
        return first.element
    }

    mutating func removeAll(where unwanted: (Element) -> Bool) {
        let kept = heap.filter { !unwanted($0.element) }
        if kept.count == heap.count { return }
        heap = []
        for (due, element) in kept { insert(element, due: due) }
    }
}
