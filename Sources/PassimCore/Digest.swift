/// A SHA-256 digest (FIPS 180-4): 32 bytes, kept as four words so that it is trivial to copy and compare.
package struct Digest: Hashable, Sendable {
    /// The bytes of the digest in order, as big-endian words: `words.0` begins with the first byte.
    package let words: (UInt64, UInt64, UInt64, UInt64)

    package static let byteCount = 32
    package static let hexCount = 64

    package init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// - Parameter bytes: exactly 32 bytes; nil for any other count.
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Digest.byteCount else { return nil }
        words = (
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        )
    }

    package init?(bytes: [UInt8]) {
        guard let digest = bytes.withUnsafeBytes({ Digest(bytes: $0) }) else { return nil }
        self = digest
    }

    /// - Parameter hex: exactly 64 hexadecimal digits of either case; nil for anything else.
    package init?(hex: UnsafeRawBufferPointer) {
        guard hex.count == Digest.hexCount else { return nil }
        var invalid: UInt8 = 0
        func word(_ index: Int) -> UInt64 {
            var value: UInt64 = 0
            for position in index * 16..<index * 16 + 16 {
                let nibble = hexValue(hex[position])
                invalid |= nibble
                value = value << 4 | UInt64(nibble & 0x0F)
            }
            return value
        }
        words = (word(0), word(1), word(2), word(3))
        if invalid & 0xF0 != 0 { return nil }
    }

    package init?(hex: some StringProtocol) {
        var text = String(hex)
        guard let digest = text.withUTF8({ Digest(hex: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = digest
    }

    /// The first byte: which shard of the index a digest belongs to.
    package var firstByte: UInt8 { UInt8(truncatingIfNeeded: words.0 >> 56) }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Digest.byteCount) { buffer, count in
            write(to: UnsafeMutableRawBufferPointer(buffer))
            count = Digest.byteCount
        }
    }

    /// Writes the 32 bytes to the start of `buffer`, which has room for them.
    package func write(to buffer: UnsafeMutableRawBufferPointer) {
        buffer.storeBytes(of: words.0.bigEndian, toByteOffset: 0, as: UInt64.self)
        buffer.storeBytes(of: words.1.bigEndian, toByteOffset: 8, as: UInt64.self)
        buffer.storeBytes(of: words.2.bigEndian, toByteOffset: 16, as: UInt64.self)
        buffer.storeBytes(of: words.3.bigEndian, toByteOffset: 24, as: UInt64.self)
    }

    /// 64 lower-case hexadecimal digits, as in file attributes, URLs and records.
    package var hex: String {
        String(unsafeUninitializedCapacity: Digest.hexCount) { buffer in
            writeHex(to: UnsafeMutableRawBufferPointer(buffer))
            return Digest.hexCount
        }
    }

    /// Writes 64 lower-case hexadecimal digits to the start of `buffer`, which has room for them.
    package func writeHex(to buffer: UnsafeMutableRawBufferPointer) {
        var position = 0
        func put(_ word: UInt64) {
            var shift: UInt64 = 64
            while shift > 0 {
                shift -= 4
                let nibble = UInt8(truncatingIfNeeded: word >> shift) & 0x0F
                buffer[position] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
                position += 1
            }
        }
        put(words.0)
        put(words.1)
        put(words.2)
        put(words.3)
    }

    package static func == (one: Digest, other: Digest) -> Bool {
        one.words == other.words
    }

    /// A digest is uniform already: one word of it is hash enough, but Hasher's seed keeps a Dictionary
    /// safe from digests chosen to collide.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}

extension Digest: Comparable {
    package static func < (one: Digest, other: Digest) -> Bool { one.words < other.words }
}

/// The value 0–15 of a hexadecimal digit, or 0xFF for any other byte.
@inline(__always)
package func hexValue(_ byte: UInt8) -> UInt8 {
    let decimal = byte &- 0x30
    // Setting the bit makes a letter lower-case.
    let letter = (byte | 0x20) &- 0x61
    return decimal < 10 ? decimal : letter < 6 ? letter &+ 10 : 0xFF
}
