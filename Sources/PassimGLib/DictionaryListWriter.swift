/// Writes an `aa{sv}` as D-Bus marshals it (D-Bus specification, "Marshaling"): numbers lie at multiples of their size
/// and entries at multiples of 8; an array begins with its length in bytes, without the padding before its first
/// member.
package struct DictionaryListWriter: ~Copyable {
    private let buffer: PageBuffer
    /// Finished dictionaries.
    package private(set) var count = 0
    /// The offsets of the present dictionary, of its length, and of its first entry.
    private var start = 0
    private var lengthPosition = 0
    private var firstEntry = 0

    /// - Parameter capacity: bytes to begin with; those that are not used cost nothing.
    package init(capacity: Int = 4096) {
        buffer = PageBuffer(capacity: capacity)
        append(UInt32(0))
    }

    /// Bytes in the message.
    package var size: Int { buffer.count }

    package mutating func begin() {
        start = buffer.count
        align(to: 4)
        lengthPosition = buffer.count
        append(UInt32(0))
        align(to: 8)
        firstEntry = buffer.count
    }

    package mutating func end() {
        setLength(buffer.count - firstEntry, at: lengthPosition)
        count += 1
    }

    /// Takes back what was written since `begin`.
    package mutating func abandon() {
        buffer.truncate(to: start)
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

    /// - Parameter write: fills the bytes of a text: UTF-8 without NUL.
    package mutating func entry(
        _ key: StaticString, count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void
    ) {
        append(key, type: "s")
        append(textOf: count, write)
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

    /// - Returns: nil if there was no memory for all of it.
    package consuming func finish() -> MessageBody? {
        closeList()
        return buffer.hasFailed ? nil : MessageBody(signature: .list, buffer)
    }

    /// With a `t` behind the list.
    package consuming func finish(_ number: UInt64) -> MessageBody? {
        closeList()
        append(number)
        return buffer.hasFailed ? nil : MessageBody(signature: .listAndNumber, buffer)
    }

    private mutating func closeList() {
        // Lists of lists begin at multiples of 4: right behind the length.
        setLength(buffer.count - 4, at: 0)
    }

    // MARK: - Bytes

    /// The key of an entry, and the type of the value that is to follow.
    private func append(_ key: StaticString, type: Unicode.Scalar) {
        align(to: 8)
        append(text: UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
        buffer.append(3) { bytes in
            bytes[0] = 1
            bytes[1] = UInt8(ascii: type)
            bytes[2] = 0
        }
    }

    private func append(text: UnsafeRawBufferPointer) {
        append(textOf: text.count) { $0.copyMemory(from: text) }
    }

    private func append(textOf count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) {
        append(UInt32(count))
        buffer.append(count + 1) { bytes in
            write(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
            bytes[count] = 0
        }
    }

    private func append<Number: FixedWidthInteger>(_ number: Number) {
        align(to: MemoryLayout<Number>.size)
        buffer.append(MemoryLayout<Number>.size) { $0.storeBytes(of: number, as: Number.self) }
    }

    private func setLength(_ length: Int, at position: Int) {
        // Then neither is what it should be.
        if buffer.hasFailed { return }
        buffer.store(UInt32(length), at: position)
    }

    private func align(to alignment: Int) {
        let padding = -buffer.count & (alignment - 1)
        if padding > 0 { buffer.append(padding) { $0.initializeMemory(as: UInt8.self, repeating: 0) } }
    }
}
