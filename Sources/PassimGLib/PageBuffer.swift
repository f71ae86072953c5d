internal import Glibc

/// Bytes that grow in pages of their own (mmap(2)): those that are not written cost nothing, and all of them go back to
/// the system with the last reference, which malloc(3) does not do with tens of megabytes that come and go.
///
/// If there is no memory it `hasFailed`, and what is written from then on is lost.
final class PageBuffer: @unchecked Sendable {
    // Unchecked: written by the one that fills it, and then only read.
    private var pages: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private(set) var hasFailed = false

    init(capacity: Int) {
        pages = PageBuffer.map(max(capacity, 1))
        hasFailed = pages.baseAddress == nil
    }

    deinit {
        PageBuffer.unmap(pages)
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: pages[..<count]) }

    /// Lends the next bytes, to be written.
    func append(_ size: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        if count + size > pages.count { grow(to: count + size) }
        if hasFailed { return }
        write(UnsafeMutableRawBufferPointer(rebasing: pages[count..<count + size]))
        count += size
    }

    func store(_ number: UInt32, at position: Int) {
        if hasFailed { return }
        precondition(position + 4 <= count)
        pages.storeBytes(of: number, toByteOffset: position, as: UInt32.self)
    }

    func truncate(to size: Int) {
        count = size
    }

    private func grow(to size: Int) {
        if hasFailed { return }
        let larger = PageBuffer.map(max(size, pages.count * 2))
        guard larger.baseAddress != nil else {
            hasFailed = true
            return
        }
        larger.copyMemory(from: bytes)
        PageBuffer.unmap(pages)
        pages = larger
    }

    /// - Returns: an empty buffer if there is no memory.
    private static func map(_ size: Int) -> UnsafeMutableRawBufferPointer {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let start = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), start != MAP_FAILED else {
            return UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeMutableRawBufferPointer(start: start, count: size)
    }

    private static func unmap(_ pages: UnsafeMutableRawBufferPointer) {
        if let start = pages.baseAddress { munmap(start, pages.count) }
    }
}
