/// Elements that keep their number while they live, in chunks of 64: growing copies nothing, the slack is
/// half a chunk, a chunk whose last element goes is freed, and numbers are used again.
///
/// Every access checks that the element lives.
struct Slab<Element: BitwiseCopyable>: ~Copyable {
    private struct Chunk {
        var base: UnsafeMutablePointer<Element>?
        /// Bit n: element n of the chunk lives.
        var live: UInt64
        /// The next chunk with room, where this one has room.
        var nextOpen: Int
    }

    private var chunks: [Chunk] = []
    private var firstOpen = Slab.none
    private(set) var count = 0
    /// How many elements there may be: a multiple of 64, at most 2^24.
    let limit: Int

    private static var none: Int { -1 }
    static var chunkSize: UInt32 { 64 }

    init(limit: Int) {
        precondition(limit % 64 == 0 && limit <= 1 << 24)
        self.limit = limit
    }

    deinit {
        for chunk in chunks { chunk.base?.deallocate() }
    }

    /// - Returns: the number of the new element; nil where there are `limit` already.
    mutating func insert(_ element: Element) -> UInt32? {
        if firstOpen == Slab.none {
            guard chunks.count * 64 < limit else { return nil }
            firstOpen = chunks.count
            chunks.append(Chunk(base: nil, live: 0, nextOpen: Slab.none))
        }
        let number = firstOpen
        var chunk = chunks[number]
        let base = chunk.base ?? .allocate(capacity: 64)
        let bit = (~chunk.live).trailingZeroBitCount
        (base + bit).initialize(to: element)
        chunk.base = base
        chunk.live |= 1 << UInt64(bit)
        if chunk.live == .max { firstOpen = chunk.nextOpen }
        chunks[number] = chunk
        count += 1
        return UInt32(number * 64 + bit)
    }

    mutating func remove(_ index: UInt32) {
        precondition(contains(index), "no such element")
        let number = Int(index >> 6)
        var chunk = chunks[number]
        if chunk.live == .max {
            chunk.nextOpen = firstOpen
            firstOpen = number
        }
        chunk.live &= ~(1 << UInt64(index & 63))
        if chunk.live == 0 {
            chunk.base?.deallocate()
            chunk.base = nil
        }
        chunks[number] = chunk
        count -= 1
    }

    func contains(_ index: UInt32) -> Bool {
        let number = Int(index >> 6)
        return number < chunks.count && chunks[number].live & (1 << UInt64(index & 63)) != 0
    }

    subscript(index: UInt32) -> Element {
        @inline(__always)
        _read { yield pointer(index).pointee }
        @inline(__always)
        _modify { yield &pointer(index).pointee }
    }

    /// The first element from `start` on, in the order of their numbers.
    func next(from start: UInt32) -> UInt32? {
        var number = Int(start >> 6)
        guard number < chunks.count else { return nil }
        var live = chunks[number].live & (~0 << UInt64(start & 63))
        while live == 0 {
            number += 1
            guard number < chunks.count else { return nil }
            live = chunks[number].live
        }
        return UInt32(number * 64 + live.trailingZeroBitCount)
    }

    /// The number of the element that has `rank` others before it, or one past all where there are not
    /// so many.
    func position(ofRank rank: Int) -> UInt32 {
        var left = rank
        var number = 0
        while number < chunks.count {
            let here = chunks[number].live.nonzeroBitCount
            if left < here { break }
            left -= here
            number += 1
        }
        guard number < chunks.count else { return UInt32(number * 64) }
        var live = chunks[number].live
        for _ in 0..<left { live &= live - 1 }
        return UInt32(number * 64 + live.trailingZeroBitCount)
    }

    @inline(__always)
    private func pointer(_ index: UInt32) -> UnsafeMutablePointer<Element> {
        let chunk = chunks[Int(index >> 6)]
        precondition(chunk.live & (1 << UInt64(index & 63)) != 0, "no such element")
        return chunk.base.unsafelyUnwrapped + Int(index & 63)
    }
}
