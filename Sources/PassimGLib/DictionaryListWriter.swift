internal import CGLib

/// Writes an `aa{sv}` in GVariant's serialised form, which needs no object for each key and value: 100 000 items of six
/// keys take 24 MB and 0.1 s, and as objects of GLib five times as much of both.
///
/// The form: values lie at multiples of their alignment (8 here), and behind the members of a container are the
/// offsets of their ends, in as few bytes each as the size of the whole needs (GVariant specification, 2.5).
package struct DictionaryListWriter: ~Copyable {
    private var buffer: UnsafeMutableRawBufferPointer
    private var size = 0
    /// Ends of the finished dictionaries.
    private var ends: [Int] = []
    /// Where the present one begins, and the ends of its entries from there.
    private var start = 0
    private var entryEnds: [Int] = []
    private var startOnWire = 0
    /// Bytes that it takes in a message, where all is laid out in another way.
    package private(set) var sizeOnWire = 4

    /// - Parameter capacity: bytes to begin with.
    package init(capacity: Int = 4096) {
        let capacity = max(capacity, 64)
        buffer = UnsafeMutableRawBufferPointer(start: g_malloc(gsize(capacity)), count: capacity)
    }

    deinit {
        g_free(buffer.baseAddress)
    }

    /// Finished dictionaries.
    package var count: Int { ends.count }

    package mutating func begin() {
        align()
        start = size
        entryEnds.removeAll(keepingCapacity: true)
        startOnWire = sizeOnWire
        // The length of the array, and entries from the next multiple of 8 on.
        sizeOnWire = DictionaryListWriter.aligned(DictionaryListWriter.aligned(sizeOnWire, to: 4) + 4, to: 8)
    }

    package mutating func end() {
        writeOffsets(entryEnds, of: size - start)
        ends.append(size)
    }

    /// Takes back what was written since `begin`.
    package mutating func abandon() {
        // Without the padding before it: the offsets of the ends come right behind the last member.
        size = ends.last ?? 0
        sizeOnWire = startOnWire
    }

    // MARK: - Entries

    /// - Parameter text: a NUL ends it.
    package mutating func entry(_ key: StaticString, _ text: String) {
        var text = text
        text.withUTF8 { text in
            let bytes = UnsafeRawBufferPointer(text)
            let text = UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != 0 })
            entry(key, count: text.count) { $0.copyMemory(from: text) }
        }
    }

    /// - Parameter write: fills the bytes of a text: UTF-8 without NUL.
    package mutating func entry(
        _ key: StaticString, count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        entry(key, type: "s", size: count + 1, alignmentOnWire: 4) { value in
            write(UnsafeMutableRawBufferPointer(rebasing: value[..<count]))
            value[count] = 0
        }
        // The length. The NUL is on the wire too.
        sizeOnWire += 4
    }

    package mutating func entry(_ key: StaticString, _ number: UInt32) {
        entry(key, type: "u", size: 4, alignmentOnWire: 4) { $0.storeBytes(of: number, as: UInt32.self) }
    }

    package mutating func entry(_ key: StaticString, _ number: UInt64) {
        entry(key, type: "t", size: 8, alignmentOnWire: 8) { $0.storeBytes(of: number, as: UInt64.self) }
    }

    package mutating func entry(_ key: StaticString, _ number: Int64) {
        entry(key, type: "x", size: 8, alignmentOnWire: 8) { $0.storeBytes(of: number, as: Int64.self) }
    }

    /// A `{sv}`: key and NUL, the value at the next multiple of 8, NUL, its type, and the key's end.
    private mutating func entry(
        _ key: StaticString, type: Unicode.Scalar, size valueSize: Int, alignmentOnWire: Int,
        _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        let keyEnd = key.utf8CodeUnitCount + 1
        align()
        let begin = size
        let valueStart = DictionaryListWriter.aligned(keyEnd, to: 8)
        let bodySize = valueStart + valueSize + 2
        reserve(bodySize)
        let body = UnsafeMutableRawBufferPointer(rebasing: buffer[begin..<begin + bodySize])
        body.copyMemory(from: UnsafeRawBufferPointer(start: key.utf8Start, count: keyEnd - 1))
        for padding in keyEnd - 1..<valueStart { body[padding] = 0 }
        write(UnsafeMutableRawBufferPointer(rebasing: body[valueStart..<valueStart + valueSize]))
        body[bodySize - 2] = 0
        body[bodySize - 1] = UInt8(ascii: type)
        size += bodySize
        writeOffsets(CollectionOfOne(keyEnd), of: bodySize)
        entryEnds.append(size - start)
        // Length, key and NUL; then length, type and NUL of the signature.
        let key = DictionaryListWriter.aligned(sizeOnWire, to: 8) + 4 + keyEnd + 3
        sizeOnWire = DictionaryListWriter.aligned(key, to: alignmentOnWire) + valueSize
    }

    // MARK: - Bytes

    /// What has been written.
    package consuming func finish() -> Variant {
        writeOffsets(ends, of: size)
        // Nothing is checked again: what lies here is in normal form.
        let bytes = g_bytes_new_take(buffer.baseAddress, gsize(size))
        defer { g_bytes_unref(bytes) }
        buffer = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        let type: StaticString = "aa{sv}"
        return Variant(
            taking: g_variant_new_from_bytes(OpaquePointer(type.utf8Start), bytes, gboolean(1)))
    }

    /// - Parameter bodySize: of the container, without its offsets.
    private mutating func writeOffsets(_ offsets: some Collection<Int>, of bodySize: Int) {
        let width: Int
        if bodySize + offsets.count <= 0xFF {
            width = 1
        } else if bodySize + 2 * offsets.count <= 0xFFFF {
            width = 2
        } else {
            width = 4
        }
        reserve(width * offsets.count)
        for offset in offsets {
            for byte in 0..<width {
                buffer[size] = UInt8(truncatingIfNeeded: DictionaryListWriter.byte(byte, of: offset))
                size += 1
            }
        }
    }

    /// Offsets are little-endian on every machine.
    private static func byte(_ number: Int, of offset: Int) -> Int { offset >> (8 * number) }

    private mutating func align() {
        let aligned = DictionaryListWriter.aligned(size, to: 8)
        reserve(aligned - size)
        while size < aligned {
            buffer[size] = 0
            size += 1
        }
    }

    private mutating func reserve(_ count: Int) {
        guard size + count > buffer.count else { return }
        let capacity = max(size + count, buffer.count * 2)
        // Where there is no memory GLib ends the process.
        buffer = UnsafeMutableRawBufferPointer(
            start: g_realloc(buffer.baseAddress, gsize(capacity)), count: capacity)
    }

    private static func aligned(_ size: Int, to alignment: Int) -> Int {
        (size + alignment - 1) & ~(alignment - 1)
    }
}
