package import PassimCore

/// The file that a path names where the query has no digest.
package enum NamedTarget: Sendable, Equatable {
    /// `/…/by-hash/SHA256/HEX`, or `…/HEX/NAME`: apt's way to ask for an index (`Acquire-By-Hash`).
    case digest(Digest)
    /// Relative to the root of all names, decoded once.
    case path(RawName)
    /// A `by-hash` with something else than a digest behind it.
    case notADigest
    /// No file has such a path: an empty or a dot segment, a slash or a NUL within one.
    case nothing

    /// - Parameter path: as it was sent; begins with `/`.
    package static func parse(_ path: UnsafeRawBufferPointer) -> NamedTarget {
        guard let path = decode(path) else { return .nothing }
        switch byHash(path) {
        case .none: return .path(path)
        case .some(let hex): return hex.withUnsafeBytes { Digest(hex: $0) }.map { .digest($0) } ?? .notADigest
        }
    }

    /// True if a path has the form of a digest's, be it one or not: no file can be had under it by its name.
    package static func isByHash(_ path: RawName) -> Bool { byHash(path) != nil }

    /// The segment in the place of the digest.
    private static func byHash(_ path: RawName) -> ArraySlice<UInt8>? {
        let segments = path.bytes.split(separator: ASCII.slash)
        // The last is the digest, or its name.
        for place in [segments.count - 1, segments.count - 2] where place >= 2 {
            if segments[place - 2].elementsEqual("by-hash".utf8),
                segments[place - 1].elementsEqual("SHA256".utf8)
            {
                return segments[place]
            }
        }
        return nil
    }

    /// Segment by segment, so that what is a slash after decoding does not part any.
    private static func decode(_ path: UnsafeRawBufferPointer) -> RawName? {
        guard path.first == ASCII.slash else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(path.count)
        for segment in path.dropFirst().split(separator: ASCII.slash, omittingEmptySubsequences: false) {
            let name = PercentEncoding.decode(segment)
            if name.isEmpty || name == [ASCII.dot] || name == [ASCII.dot, ASCII.dot]
                || name.contains(ASCII.slash) || name.contains(0)
            {
                return nil
            }
            if !bytes.isEmpty { bytes.append(ASCII.slash) }
            bytes.append(contentsOf: name)
        }
        return RawName(bytes: bytes)
    }
}
