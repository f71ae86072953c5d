/// Want-Digest (RFC 3230 section 4.3.1), which aria2 sends: the digest algorithms that a client can use.
///
/// The field of RFC 9530 that took its place needs no reading: Repr-Digest is sent in any case.
package enum WantDigest {
    /// True if one line's value names SHA-256, with a `q` that is not 0.
    package static func acceptsSHA256(_ value: UnsafeRawBufferPointer) -> Bool {
        for element in CommaList(value) {
            let end = element.firstIndex(of: ASCII.semicolon) ?? element.count
            guard element.part(0..<end).trimmed.equalsIgnoringCase("sha-256") else { continue }
            if end == element.count || isWanted(element.part(end + 1..<element.count).trimmed) { return true }
        }
        return false
    }

    /// - Parameter parameter: `q=` and a number from 0 to 1 with three decimals at most (RFC 9110 section 12.4.2).
    ///   Another is as good as none: a digest too many harms nobody.
    private static func isWanted(_ parameter: UnsafeRawBufferPointer) -> Bool {
        guard parameter.count >= 3, parameter.part(0..<2).equalsIgnoringCase("q=") else { return true }
        return !parameter.part(2..<parameter.count).allSatisfy { $0 == ASCII.zero || $0 == ASCII.dot }
    }
}
