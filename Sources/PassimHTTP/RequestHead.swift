package enum Method: Sendable {
    case get
    case head
    /// Any other token: the server answers 405, whatever the target.
    case other
}

/// A request's head, as the server needs it: offsets into the bytes it was parsed from, which the caller
/// keeps until it has answered. Trivial to copy; nothing in it is on the heap.
package struct RequestHead: Sendable, Hashable {
    package var method: Method
    /// As it was sent.
    package var target: ByteSlice
    /// The part before the `?`; begins with `/` for `get` and `head`. Not decoded.
    package var path: ByteSlice
    /// The part after the first `?`; empty for a `?` with nothing behind it.
    package var query: ByteSlice?
    package var isHTTP11: Bool
    /// True if the client wants to go on with this connection (RFC 9112 section 9.3).
    package var keepAlive: Bool
    /// The Host field, or the authority of an absolute target, which overrides it (RFC 9112 section 3.2.2).
    /// Nil for HTTP/1.0 without either.
    package var host: ByteSlice?
    /// Nil too where several lines came, of this field or of If-Range: they make no usable single range.
    package var range: ByteSlice?
    package var ifRange: ByteSlice?
    /// The first line of If-None-Match; `Conditions` reads the others where `hasMoreIfNoneMatch`.
    package var ifNoneMatch: ByteSlice?
    package var hasMoreIfNoneMatch: Bool
    /// Nil too where several lines came, which are no valid date.
    package var ifModifiedSince: ByteSlice?
    /// As `ifNoneMatch`.
    package var ifMatch: ByteSlice?
    package var hasMoreIfMatch: Bool
    /// As `ifModifiedSince`.
    package var ifUnmodifiedSince: ByteSlice?
    /// Some line of Want-Digest names SHA-256.
    package var wantsDigest: Bool
    /// The client waits for 100 (Continue); never with HTTP/1.0, where it must be ignored.
    package var expectContinue: Bool
    /// Content follows, or what a tunnel is to carry. The server refuses it unread and closes the connection.
    package var declaresBody: Bool
    /// Bytes of the head, up to and with the empty line.
    package var length: Int
}
