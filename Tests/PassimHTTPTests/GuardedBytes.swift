import Glibc

/// Memory whose bytes end where an unreadable page begins: reading one byte too far ends the test run.
final class GuardedBytes {
    private let mapping: UnsafeMutableRawPointer
    private let length: Int
    private let readable: Int

    init(capacity: Int) {
        let page = Int(getpagesize())
        readable = (capacity + page - 1) / page * page
        length = readable + page
        mapping = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        precondition(mapping != MAP_FAILED, "no memory for a guarded buffer")
        precondition(mprotect(mapping + readable, page, PROT_NONE) == 0, "no guard page")
    }

    deinit {
        munmap(mapping, length)
    }

    /// - Parameter bytes: no more than the capacity.
    func with<Result>(_ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let buffer = UnsafeMutableRawBufferPointer(
            start: mapping + readable - bytes.count, count: bytes.count)
        buffer.copyBytes(from: bytes)
        return body(UnsafeRawBufferPointer(buffer))
    }
}

/// Lends the bytes of `text` as a buffer.
func withRaw<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    Array(text.utf8).withUnsafeBytes { body($0) }
}
