/// The first 60 hexadecimal digits of a digest: what a label of the DNS has room for behind an underscore.
/// Nobody can make two contents that share them.
package struct DigestPrefix: Hashable, Sendable {
    /// The 30 bytes, and two that are 0.
    package let padded: Digest

    package static let hexCount = 60
    /// The bits of a digest's last word that belong to the prefix.
    package static let lastMask: UInt64 = ~0xFFFF

    package init(_ digest: Digest) {
        let words = digest.words
        padded = Digest(words: (words.0, words.1, words.2, words.3 & DigestPrefix.lastMask))
    }

    /// - Parameter hex: exactly 60 hexadecimal digits of either case; nil for anything else.
    package init?(hex: UnsafeRawBufferPointer) {
        guard hex.count == DigestPrefix.hexCount else { return nil }
        let digest = withUnsafeTemporaryAllocation(byteCount: Digest.hexCount, alignment: 1) { buffer in
            buffer.copyMemory(from: hex)
            for position in DigestPrefix.hexCount..<Digest.hexCount { buffer[position] = 0x30 }
            return Digest(hex: UnsafeRawBufferPointer(buffer))
        }
        guard let digest else { return nil }
        padded = digest
    }

    /// Adds 60 lower-case hexadecimal digits.
    package func appendHex(to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: Digest.hexCount, alignment: 1) { buffer in
            padded.writeHex(to: buffer)
            bytes.append(contentsOf: buffer.prefix(DigestPrefix.hexCount))
        }
    }
}
