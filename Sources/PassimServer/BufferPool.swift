internal import PassimCrypto

/// The output buffers of a reactor. One serves all connections in turn; a connection keeps the buffer
/// only while the socket does not take all of it. Few are kept for later, the others' memory goes back.
struct BufferPool {
    /// Plaintext that a connection may encrypt in a turn. For few downloads 96–128 KiB is best: less is more
    /// writes, and with 256 KiB plaintext, records and the socket's copy do not fit a core's cache together.
    /// With many, each holds what its client has not taken, so memory matters more.
    static let largeTurn = 128 * 1024
    /// Read and encrypted at a time.
    static let piece = 64 * 1024
    static let smallTurn = 48 * 1024
    /// Records' headers and tags, tickets and alerts beside the plaintext.
    private static let overhead = 8192
    private static let kept = 4

    private var large: [OutputBuffer] = []
    private var small: [OutputBuffer] = []

    /// - Returns: nil where there is no memory.
    mutating func take(turn: Int) -> OutputBuffer? {
        if turn > BufferPool.smallTurn {
            return large.popLast() ?? OutputBuffer(capacity: BufferPool.largeTurn + BufferPool.overhead)
        }
        return small.popLast() ?? OutputBuffer(capacity: BufferPool.smallTurn + BufferPool.overhead)
    }

    mutating func put(_ buffer: OutputBuffer) {
        var buffer = buffer
        buffer.reset()
        switch buffer.capacity {
        case BufferPool.largeTurn + BufferPool.overhead where large.count < BufferPool.kept:
            large.append(buffer)
        case BufferPool.smallTurn + BufferPool.overhead where small.count < BufferPool.kept:
            small.append(buffer)
        default: buffer.free()
        }
    }

    func freeAll() {
        for buffer in large + small { buffer.free() }
    }
}
