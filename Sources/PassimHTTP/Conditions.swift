package import PassimCore

/// Preconditions of GET and HEAD (RFC 9110 section 13) on a file whose entity tag is its digest. A condition
/// that cannot be read is not met, so that the client gets the whole.
package enum Conditions {
    /// Whether 304 is the answer: If-None-Match decides, and If-Modified-Since only without one
    /// (section 13.1.3).
    ///
    /// - Parameters:
    ///   - bytes: what `head` was parsed from.
    ///   - modified: Last-Modified, Unix seconds.
    package static func notModified(
        _ head: RequestHead, in bytes: UnsafeRawBufferPointer, digest: Digest, modified: Int64
    ) -> Bool {
        if head.ifNoneMatch != nil { return ifNoneMatch(head, in: bytes, digest: digest) }
        guard let since = head.ifModifiedSince, let date = HTTPDate(parsing: since.bytes(of: bytes)) else {
            return false
        }
        return CivilTime.clamped(modified) <= date.seconds
    }

    /// The range to send: the Range field of a GET (section 14.2: no other method has one), where If-Range
    /// holds.
    package static func range(
        _ head: RequestHead, in bytes: UnsafeRawBufferPointer, digest: Digest, modified: Int64, size: UInt64
    ) -> RangeOutcome {
        guard head.method == .get, let range = head.range else { return .whole }
        if let condition = head.ifRange,
            !ifRange(condition.bytes(of: bytes), digest: digest, modified: modified)
        {
            return .whole
        }
        return ByteRange.resolve(header: range.bytes(of: bytes), size: size)
    }

    /// Whether any line of If-None-Match names the file.
    package static func ifNoneMatch(
        _ head: RequestHead, in bytes: UnsafeRawBufferPointer, digest: Digest
    ) -> Bool {
        guard let first = head.ifNoneMatch else { return false }
        if ifNoneMatch(first.bytes(of: bytes), digest: digest) { return true }
        guard head.hasMoreIfNoneMatch, head.length <= bytes.count else { return false }
        // The others are looked for again: they are rare, and a head has room for one.
        var rest = bytes.part(first.range.upperBound..<head.length)
        while let lineFeed = rest.firstIndex(of: ASCII.lineFeed) {
            rest = rest.part(lineFeed + 1..<rest.count)
            guard rest.startsIgnoringCase(with: "if-none-match:") else { continue }
            let end = rest.firstIndex(of: ASCII.carriageReturn) ?? rest.count
            if ifNoneMatch(rest.part(14..<end), digest: digest) { return true }
        }
        return false
    }

    /// One line's value: `*`, or a list of tags compared weakly (section 13.1.2). What follows a malformed
    /// tag is not read.
    package static func ifNoneMatch(_ value: UnsafeRawBufferPointer, digest: Digest) -> Bool {
        if value.trimmed.equals("*") { return true }
        var reader = EntityTagReader(value)
        _ = reader.separator()
        while let tag = reader.tag() {
            // A tag is an element only if a comma or nothing follows it.
            guard reader.separator() || reader.rest.isEmpty else { return false }
            if tag.names(digest) { return true }
        }
        return false
    }

    /// A tag compared strongly, or exactly the date of Last-Modified (section 13.1.5). The date counts as a
    /// strong validator: a URL with a digest never names other bytes.
    package static func ifRange(
        _ value: UnsafeRawBufferPointer, digest: Digest, modified: Int64
    ) -> Bool {
        let value = value.trimmed
        var reader = EntityTagReader(value)
        if let tag = reader.tag() {
            return reader.rest.isEmpty && !tag.isWeak && tag.names(digest)
        }
        guard let date = HTTPDate(parsing: value) else { return false }
        return date.seconds == CivilTime.clamped(modified)
    }
}
