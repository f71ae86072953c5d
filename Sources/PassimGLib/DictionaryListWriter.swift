/// Writes an `aa{sv}` as D-Bus marshals it (D-Bus specification, "Marshaling"): numbers lie at multiples of their size
/// and entries at multiples of 8; an array begins with its length in bytes, without the padding before its first
/// member.
package struct DictionaryListWriter {
    private var bytes: [UInt8]
    /// Finished dictionaries.
    package private(set) var count = 0
    /// Where the present dictionary begins, where its length is, and its first entry.
    private var start = 0
    private var lengthPosition = 0
    private var firstEntry = 0

    /// - Parameter capacity: bytes to begin with.
    package init(capacity: Int = 4096) {
        bytes = []
        bytes.reserveCapacity(capacity)
        append(UInt32(0))
    }

    /// Bytes in the message.
    package var size: Int { bytes.count }

    package mutating func begin() {
        start = bytes.count
        align(to: 4)
        lengthPosition = bytes.count
        append(UInt32(0))
        align(to: 8)
        firstEntry = bytes.count
    }

    package mutating func end() {
        setLength(bytes.count - firstEntry, at: lengthPosition)
        count += 1
    }

    /// Takes back what was written since `begin`.
    package mutating func abandon() {
        bytes.removeLast(bytes.count - start)
    }

    // MARK: - Entries

    /// - Parameter text: a NUL ends it.
    package mutating func entry(_ key: StaticString, _ text: String) {
        var text = text
        text.withUTF8 { text in
            let end = text.firstIndex(of: 0) ?? text.count
            append(key, type: "s")
            append(text: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[..<end]))
        }
    }

    /// - Parameter write: fills the bytes of a text of at most 64: UTF-8 without NUL.
    package mutating func entry(
        _ key: StaticString, count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        append(key, type: "s")
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { text in
            write(text)
            append(text: UnsafeRawBufferPointer(text))
        }
    }

    package mutating func entry(_ key: StaticString, _ number: UInt32) {
        append(key, type: "u")
        append(number)
    }

    package mutating func entry(_ key: StaticString, _ number: UInt64) {
        append(key, type: "t")
        append(number)
    }

    package mutating func entry(_ key: StaticString, _ number: Int64) {
        append(key, type: "x")
        append(number)
    }

    // MARK: - The end

    package consuming func finish() -> MessageBody {
        closeList()
        return MessageBody(signature: .list, bytes: bytes)
    }

    /// With a `t` behind the list.
    package consuming func finish(_ number: UInt64) -> MessageBody {
        closeList()
        append(number)
        return MessageBody(signature: .listAndNumber, bytes: bytes)
    }

    private mutating func closeList() {
        // Lists of lists begin at multiples of 4: right behind the length.
        setLength(bytes.count - 4, at: 0)
    }

    // MARK: - Bytes

    /// The key of an entry, and the type of the value that is to follow.
    private mutating func append(_ key: StaticString, type: Unicode.Scalar) {
        align(to: 8)
        append(text: UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        bytes.append(1)
        bytes.append(UInt8(ascii: type))
        bytes.append(0)
    }

    private mutating func append(text: UnsafeRawBufferPointer) {
        append(UInt32(text.count))
        bytes.append(contentsOf: text)
        bytes.append(0)
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        align(to: number.bitWidth / 8)
        withUnsafeBytes(of: number) { bytes.append(contentsOf: $0) }
    }

    private mutating func setLength(_ length: Int, at position: Int) {
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt32(length), toByteOffset: position, as: UInt32.self)
        }
    }

    private mutating func align(to alignment: Int) {
        while bytes.count & (alignment - 1) != 0 { bytes.append(0) }
    }
}
