/// First in, first out, in pieces: an Array would be copied, and twice as large for a while, at a million
/// elements, and would never give memory back.
struct ChunkedQueue<Element> {
    private static var chunkSize: Int { 512 }

    private var chunks: [[Element]] = []
    /// Position of the first element: chunks before `head` are empty.
    private var head = 0
    private var position = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : chunks[head][position] }

    mutating func append(_ element: Element) {
        if chunks.isEmpty || chunks[chunks.count - 1].count == Self.chunkSize { chunks.append([]) }
        chunks[chunks.count - 1].append(element)
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = chunks[head][position]
        position += 1
        count -= 1
        if count == 0 {
            // A taken element is kept until its chunk goes: not for longer than that.
            self = ChunkedQueue()
        } else if position == chunks[head].count {
            chunks[head] = []
            head += 1
            position = 0
            if head > 64, head * 2 > chunks.count {
                chunks.removeFirst(head)
                head = 0
            }
        }
        return element
    }
}
