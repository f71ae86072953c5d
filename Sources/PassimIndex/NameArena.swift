internal import Glibc

/// File names one after the other in pages of 1 KiB, each with its length before it.
///
/// A released name stays as garbage until the owner, told by `isWasteful`, copies those that live into a
/// new arena.
struct NameArena: ~Copyable {
    private var pages: [UnsafeMutableRawPointer] = []
    /// Bytes taken of the last page.
    private var filled = NameArena.pageSize
    private var garbage = 0

    private static let pageSize = 1024
    /// One byte of length up to 254; past that this byte and two of length.
    private static let long: UInt8 = 255

    /// Bytes. Linux file systems have names of at most 255 bytes; ntfs and cifs of 255 characters.
    static let longestName = pageSize - 3

    init() {}

    deinit {
        for page in pages { page.deallocate() }
    }

    var isWasteful: Bool {
        garbage > 4 * NameArena.pageSize && garbage > pages.count * NameArena.pageSize / 2
    }

    /// - Returns: where the name is; nil where it is longer than `longestName`, or 4 GiB are taken.
    mutating func append(_ name: UnsafeRawBufferPointer) -> UInt32? {
        guard name.count <= NameArena.longestName, pages.count < 1 << 22 else { return nil }
        let head = name.count < NameArena.long ? 1 : 3
        if NameArena.pageSize - filled < head + name.count {
            garbage += NameArena.pageSize - filled
            pages.append(.allocate(byteCount: NameArena.pageSize, alignment: 8))
            filled = 0
        }
        let page = pages[pages.count - 1]
        if head == 1 {
            page.storeBytes(of: UInt8(name.count), toByteOffset: filled, as: UInt8.self)
        } else {
            page.storeBytes(of: NameArena.long, toByteOffset: filled, as: UInt8.self)
            page.storeBytes(of: UInt16(name.count), toByteOffset: filled + 1, as: UInt16.self)
        }
        if let source = name.baseAddress {
            (page + filled + head).copyMemory(from: source, byteCount: name.count)
        }
        let place = UInt32((pages.count - 1) * NameArena.pageSize + filled)
        filled += head + name.count
        return place
    }

    /// The name at a place that `append` gave; valid until the arena changes.
    @inline(__always)
    func name(at place: UInt32) -> UnsafeRawBufferPointer {
        let page = pages[Int(place) / NameArena.pageSize]
        let position = Int(place) % NameArena.pageSize
        var start = position + 1
        var count = Int(page.load(fromByteOffset: position, as: UInt8.self))
        if count == Int(NameArena.long) {
            precondition(start + 2 <= NameArena.pageSize)
            count = Int(page.loadUnaligned(fromByteOffset: start, as: UInt16.self))
            start += 2
        }
        precondition(start + count <= NameArena.pageSize)
        return UnsafeRawBufferPointer(start: page + start, count: count)
    }

    @inline(__always)
    func isName(at place: UInt32, _ other: UnsafeRawBufferPointer) -> Bool {
        let name = name(at: place)
        guard name.count == other.count else { return false }
        guard let one = name.baseAddress, let two = other.baseAddress else { return true }
        return memcmp(one, two, name.count) == 0
    }

    mutating func release(_ place: UInt32) {
        let count = name(at: place).count
        garbage += count + (count < NameArena.long ? 1 : 3)
    }
}

/// The hash of a name below `parent`. Hasher's seed differs from run to run, so nobody who may create files
/// can make names that collide.
func nameHash(_ name: UnsafeRawBufferPointer, below parent: UInt32 = 0) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(parent)
    hasher.combine(bytes: name)
    return UInt64(bitPattern: Int64(hasher.finalize()))
}
