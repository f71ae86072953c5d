package import PassimCore

/// The field lines of a 200 or 206 that depend on the file alone, each with its CRLF, to be made once per
/// file: Content-Type, Content-Disposition, ETag, Accept-Ranges, Last-Modified, Repr-Digest.
/// Length, range, date, caching and connection are the response's own. There is never a Content-Encoding: what is
/// sent is what was hashed.
///
/// - Parameters:
///   - name: the file's basename.
///   - contentType: what is not printable ASCII is sent as application/octet-stream.
///   - modified: Unix seconds; nil leaves Last-Modified to the response, which knows what its Date is: a later one
///     must not be said (RFC 9110 section 8.8.2.1).
package func contentFields(
    name: RawName, digest: Digest, contentType: String, modified: Int64?
) -> [UInt8] {
    name.bytes.withUnsafeBytes {
        contentFields(name: $0, digest: digest, contentType: contentType, modified: modified)
    }
}

package func contentFields(
    name: UnsafeRawBufferPointer, digest: Digest, contentType: String, modified: Int64?
) -> [UInt8] {
    var lines = FieldLines()
    let isPrintable = !contentType.isEmpty && contentType.utf8.allSatisfy { 0x20...0x7E ~= $0 }
    lines.begin("Content-Type: ")
    lines.append(isPrintable ? contentType : "application/octet-stream")
    lines.begin("Content-Disposition: ")
    lines.appendDisposition(name)
    lines.begin("ETag: ")
    lines.append("\"\(digest.hex)\"")
    lines.begin("Accept-Ranges: bytes")
    if let modified {
        lines.begin("Last-Modified: ")
        lines.append(HTTPDate(unixSeconds: modified).text)
    }
    // RFC 9530.
    lines.begin("Repr-Digest: sha-256=:")
    digest.appendBase64(to: &lines.bytes)
    lines.append(":")
    return lines.finished()
}

private struct FieldLines {
    var bytes = [UInt8]()

    init() {
        bytes.reserveCapacity(512)
    }

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func begin(_ start: String) {
        if !bytes.isEmpty { append("\r\n") }
        append(start)
    }

    /// RFC 6266: stock clients know the plain form, percent-encoded; `filename*` (RFC 8187) tells the others
    /// what it stands for. It must be UTF-8, so other names have the plain form only.
    mutating func appendDisposition(_ name: UnsafeRawBufferPointer) {
        append("attachment; filename=\"")
        PercentEncoding.append(name, to: &bytes)
        append("\"")
        if PercentEncoding.isPlain(name) || !UTF8Text.isValid(name) { return }
        append("; filename*=UTF-8''")
        PercentEncoding.append(name, to: &bytes)
    }

    func finished() -> [UInt8] {
        bytes + [ASCII.carriageReturn, ASCII.lineFeed]
    }
}
