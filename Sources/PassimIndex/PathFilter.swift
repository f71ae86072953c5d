internal import PassimCore

/// The text that a listing is searched for: a part of the path in any case, or the beginning of the digest.
struct PathFilter {
    /// In lower case.
    private let part: [UInt8]
    private let isASCII: Bool
    /// A path has it only where its directory's or its name has it.
    let isOfOneComponent: Bool
    /// nil where the text cannot be the beginning of a digest.
    private let digestPrefix: String?

    init(_ text: String) {
        let lower = text.lowercased()
        part = Array(lower.utf8)
        isASCII = part.allSatisfy { $0 < 0x80 }
        isOfOneComponent = isASCII && !part.contains(0x2F)
        let isHex = part.count <= Digest.hexCount && part.allSatisfy { hexValue($0) != 0xFF }
        digestPrefix = isHex ? lower : nil
    }

    func matches(_ item: Item) -> Bool {
        item.path.bytes.withUnsafeBytes { matches($0, item.entry.digest) }
    }

    func matches(_ path: UnsafeRawBufferPointer, _ digest: Digest) -> Bool {
        if matches(path) { return true }
        guard let digestPrefix else { return false }
        // One comparison tells for nearly all.
        guard hexValue(part[0]) == digest.firstByte >> 4 else { return false }
        return digest.hex.hasPrefix(digestPrefix)
    }

    func matches(_ path: RawName) -> Bool {
        path.bytes.withUnsafeBytes { matches($0) }
    }

    /// ASCII bytes match whatever surrounds them; other characters need a path that is text.
    func matches(_ path: UnsafeRawBufferPointer) -> Bool {
        if isASCII { return contains(path) { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 } }
        let text = Array(String(decoding: path, as: UTF8.self).lowercased().utf8)
        return text.withUnsafeBytes { contains($0) { $0 } }
    }

    @inline(__always)
    private func contains(_ bytes: UnsafeRawBufferPointer, _ lower: (UInt8) -> UInt8) -> Bool {
        guard bytes.count >= part.count else { return false }
        return part.withUnsafeBufferPointer { part in
            guard let first = part.first else { return true }
            for start in 0...(bytes.count - part.count) where lower(bytes[start]) == first {
                var length = 1
                while length < part.count, lower(bytes[start + length]) == part[length] { length += 1 }
                if length == part.count { return true }
            }
            return false
        }
    }
}
