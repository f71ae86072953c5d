/// How much a client may send before it is refused. All in bytes but `fields`.
package enum RequestLimits {
    /// From the first byte to the empty line's end, empty lines before the request line included: 431.
    package static let head = 16_384
    /// The request target: 414. RFC 9112 section 3 recommends to support at least 8000.
    package static let target = 8_192
    /// Field lines: 431.
    package static let fields = 100
    /// Empty lines before the request line, which RFC 9112 section 2.2 wants ignored: 400.
    package static let emptyLines = 2
}
