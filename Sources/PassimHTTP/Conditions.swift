package import PassimCore

/// Preconditions of GET and HEAD (RFC 9110 section 13) on a file whose entity tag is its digest. A condition
/// that cannot be read is not met, so that the client gets the whole.
package enum Conditions {
    /// The outcome of a request's conditions.
    package enum Outcome: Hashable, Sendable {
        /// The file, or its range, is to be sent.
        case met
        /// 412.
        case failed
        /// 304.
        case notModified
    }

    /// All conditions but If-Range, in the order of section 13.2.2.
    ///
    /// - Parameters:
    ///   - bytes: what `head` was parsed from.
    ///   - modified: Last-Modified, Unix seconds.
    ///   - mayChange: the URL can name other bytes later. Then If-Modified-Since must be the very date: a file can be
    ///     replaced by an older one, rsync -t does.
    package static func evaluate(
        _ head: RequestHead, in bytes: UnsafeRawBufferPointer, digest: Digest, modified: Int64,
        mayChange: Bool = false
    ) -> Outcome {
        let modified = CivilTime.clamped(modified)
        if let first = head.ifMatch {
            let names = anyLine("if-match:", first, more: head.hasMoreIfMatch, head, in: bytes) {
                ifMatch($0, digest: digest)
            }
            if !names { return .failed }
        } else if let date = date(head.ifUnmodifiedSince, in: bytes), modified > date {
            return .failed
        }
        if head.ifNoneMatch != nil {
            return ifNoneMatch(head, in: bytes, digest: digest) ? .notModified : .met
        }
        if let date = date(head.ifModifiedSince, in: bytes), mayChange ? modified == date : modified <= date {
            return .notModified
        }
        return .met
    }

    private static func date(_ field: ByteSlice?, in bytes: UnsafeRawBufferPointer) -> Int64? {
        field.flatMap { HTTPDate(parsing: $0.bytes(of: bytes))?.seconds }
    }

    /// The range to send: the Range field of a GET (section 14.2: no other method has one), where If-Range
    /// holds.
    ///
    /// - Parameter mayChange: the URL can name other bytes later. Then a date in If-Range does not hold: two versions
    ///   of a file may have it.
    package static func range(
        _ head: RequestHead, in bytes: UnsafeRawBufferPointer, digest: Digest, modified: Int64, size: UInt64,
        mayChange: Bool = false
    ) -> RangeOutcome {
        guard head.method == .get, let range = head.range else { return .whole }
        if let condition = head.ifRange,
            !ifRange(condition.bytes(of: bytes), digest: digest, modified: mayChange ? nil : modified)
        {
            return .whole
        }
        return ByteRange.resolve(header: range.bytes(of: bytes), size: size)
    }

    /// True if any line of If-None-Match names the file.
    package static func ifNoneMatch(
        _ head: RequestHead, in bytes: UnsafeRawBufferPointer, digest: Digest
    ) -> Bool {
        guard let first = head.ifNoneMatch else { return false }
        return anyLine("if-none-match:", first, more: head.hasMoreIfNoneMatch, head, in: bytes) {
            ifNoneMatch($0, digest: digest)
        }
    }

    /// True if `does` holds for a line of a field.
    private static func anyLine(
        _ name: StaticString, _ first: ByteSlice, more: Bool, _ head: RequestHead,
        in bytes: UnsafeRawBufferPointer, _ does: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        if does(first.bytes(of: bytes)) { return true }
        guard more, head.length <= bytes.count else { return false }
        // The others are looked for again: they are rare, and a head has room for one.
        var rest = bytes.part(first.range.upperBound..<head.length)
        while let lineFeed = rest.firstIndex(of: ASCII.lineFeed) {
            rest = rest.part(lineFeed + 1..<rest.count)
            guard rest.startsIgnoringCase(with: name) else { continue }
            let end = rest.firstIndex(of: ASCII.carriageReturn) ?? rest.count
            if does(rest.part(name.utf8CodeUnitCount..<end)) { return true }
        }
        return false
    }

    /// One line's value of If-Match: `*`, or a list of tags compared strongly (section 13.1.1).
    package static func ifMatch(_ value: UnsafeRawBufferPointer, digest: Digest) -> Bool {
        names(value, digest, weakly: false)
    }

    /// One line's value: `*`, or a list of tags compared weakly (section 13.1.2). What follows a malformed
    /// tag is not read.
    package static func ifNoneMatch(_ value: UnsafeRawBufferPointer, digest: Digest) -> Bool {
        names(value, digest, weakly: true)
    }

    private static func names(
        _ value: UnsafeRawBufferPointer, _ digest: Digest, weakly: Bool
    ) -> Bool {
        if value.trimmed.equals("*") { return true }
        var reader = EntityTagReader(value)
        _ = reader.separator()
        while let tag = reader.tag() {
            // A tag is an element only if a comma or nothing follows it.
            guard reader.separator() || reader.rest.isEmpty else { return false }
            if tag.names(digest), weakly || !tag.isWeak { return true }
        }
        return false
    }

    /// A tag compared strongly, or exactly the date of Last-Modified (section 13.1.5). The date counts as a
    /// strong validator where a URL with a digest never names other bytes.
    ///
    /// - Parameter modified: nil if no date holds.
    package static func ifRange(
        _ value: UnsafeRawBufferPointer, digest: Digest, modified: Int64?
    ) -> Bool {
        let value = value.trimmed
        var reader = EntityTagReader(value)
        if let tag = reader.tag() {
            return reader.rest.isEmpty && !tag.isWeak && tag.names(digest)
        }
        guard let modified, let date = HTTPDate(parsing: value) else { return false }
        return date.seconds == CivilTime.clamped(modified)
    }
}
