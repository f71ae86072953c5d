/// The place of some bytes in a buffer that belongs to somebody else: trivial to copy, and it does not go bad
/// when the buffer is moved. Offsets fit 32 bits because a head has at most `RequestLimits.head` bytes.
package struct ByteSlice: Hashable, Sendable {
    package var start: UInt32
    package var count: UInt32

    package init(start: UInt32, count: UInt32) {
        self.start = start
        self.count = count
    }

    init(_ range: Range<Int>) {
        start = UInt32(range.lowerBound)
        count = UInt32(range.count)
    }

    package var range: Range<Int> { Int(start)..<Int(start) + Int(count) }

    /// These bytes of `buffer`, which must be the one the slice was made from, at least as far as the slice goes.
    package func bytes(of buffer: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        // Raw buffers check nothing in release builds: a slice of another request must not read past the end.
        precondition(range.upperBound <= buffer.count, "the slice is of another buffer")
        return UnsafeRawBufferPointer(rebasing: buffer[range])
    }
}
