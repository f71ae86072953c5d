package import PassimCore

/// Writes a response head into memory that the caller lends, field by field, without the heap.
///
/// Nothing is ever written past the end, and no value can end a line: either makes `failed` true for good
/// and the rest is left out. One writer, one head.
package struct HeadWriter: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    /// Bytes written.
    package private(set) var count = 0
    /// The buffer was too small, or a value held CR, LF or NUL: what is there must not be sent.
    package private(set) var failed = false

    package init(_ buffer: UnsafeMutableRawBufferPointer) {
        self.buffer = buffer
    }

    /// `HTTP/1.1 200 OK`: the version is ours, whatever the request's was (RFC 9110 section 2.5).
    package mutating func status(_ status: Status) {
        put("HTTP/1.1 ")
        put(decimal: UInt64(status.rawValue))
        put(" ")
        put(status.reason)
        put("\r\n")
    }

    package mutating func field(_ name: StaticString, _ value: StaticString) {
        begin(name)
        put(value)
        put("\r\n")
    }

    package mutating func field(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
        begin(name)
        for byte in value where byte == 0 || byte == ASCII.lineFeed || byte == ASCII.carriageReturn {
            failed = true
        }
        put(value)
        put("\r\n")
    }

    package mutating func field(_ name: StaticString, _ value: String) {
        var value = value
        value.withUTF8 { field(name, UnsafeRawBufferPointer($0)) }
    }

    package mutating func field(_ name: StaticString, decimal value: UInt64) {
        begin(name)
        put(decimal: value)
        put("\r\n")
    }

    /// A strong entity tag: the digest's 64 hex digits in quotes.
    package mutating func field(_ name: StaticString, entityTag digest: Digest) {
        begin(name)
        put("\"")
        if let room = reserve(Digest.hexCount) { digest.writeHex(to: room) }
        put("\"\r\n")
    }

    /// Digest (RFC 3230 section 4.3.2): of the whole file, whatever part of it is sent.
    package mutating func field(_ name: StaticString, instanceDigest digest: Digest) {
        begin(name)
        put("SHA-256=")
        var text: [UInt8] = []
        digest.appendBase64(to: &text)
        text.withUnsafeBytes { put($0) }
        put("\r\n")
    }

    package mutating func field(_ name: StaticString, date: HTTPDate) {
        begin(name)
        if let room = reserve(HTTPDate.byteCount) { date.write(to: room) }
        put("\r\n")
    }

    /// Content-Range of a 206.
    ///
    /// - Parameter size: of the whole file.
    package mutating func contentRange(_ range: ByteRange, size: UInt64) {
        begin("Content-Range")
        put("bytes ")
        put(decimal: range.first)
        put("-")
        put(decimal: range.last)
        put("/")
        put(decimal: size)
        put("\r\n")
    }

    /// Content-Range of a 416.
    package mutating func contentRange(unsatisfiableOf size: UInt64) {
        begin("Content-Range")
        put("bytes */")
        put(decimal: size)
        put("\r\n")
    }

    /// Whole field lines, each with its CRLF, that were made before (`contentFields`).
    package mutating func fields(_ lines: UnsafeRawBufferPointer) {
        put(lines)
    }

    /// The empty line.
    ///
    /// - Returns: the bytes of the head, or nil when it `failed`.
    package mutating func end() -> Int? {
        put("\r\n")
        return failed ? nil : count
    }

    private mutating func begin(_ name: StaticString) {
        put(name)
        put(": ")
    }

    private mutating func put(_ text: StaticString) {
        put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        if let room = reserve(bytes.count) { room.copyMemory(from: bytes) }
    }

    private mutating func put(decimal value: UInt64) {
        var digits = 1
        var rest = value / 10
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        guard let room = reserve(digits) else { return }
        rest = value
        for position in (0..<digits).reversed() {
            room[position] = ASCII.zero + UInt8(rest % 10)
            rest /= 10
        }
    }

    private mutating func reserve(_ length: Int) -> UnsafeMutableRawBufferPointer? {
        guard !failed, length <= buffer.count - count else {
            failed = true
            return nil
        }
        defer { count += length }
        return UnsafeMutableRawBufferPointer(rebasing: buffer[count..<count + length])
    }
}
