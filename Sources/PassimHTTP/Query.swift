package import PassimCore

/// The meaning of a request's query: passim-protocol(7), HTTPS rows 3 to 6, the first that holds.
///
/// Split at `&`, each part at `=`; a part without exactly one `=` is ignored, and nothing is decoded. A `?`
/// with nothing behind it is no query, which is a 400 like the rows around it. Names are compared exactly.
/// If `localhost` comes twice, the last one counts.
package enum Query: Sendable, Equatable {
    /// Row 3, 400.
    case missing
    /// Row 4, 400: `sha256` twice, or `localhost` neither `true` nor `false`.
    case malformed
    /// Row 5, 400.
    case withoutDigest
    /// Row 6, 406: `sha256` is not 64 hexadecimal digits.
    case unacceptable
    /// - localhost: nil when it was not given.
    case digest(Digest, localhost: Bool?)

    package static func parse(_ query: UnsafeRawBufferPointer?) -> Query {
        guard let query, !query.isEmpty else { return .missing }
        var digest: UnsafeRawBufferPointer?
        var localhost: Bool?
        for parameter in Parameters(query) {
            if parameter.name.equals("sha256") {
                if digest != nil { return .malformed }
                digest = parameter.value
            } else if parameter.name.equals("localhost") {
                if parameter.value.equals("true") {
                    localhost = true
                } else if parameter.value.equals("false") {
                    localhost = false
                } else {
                    return .malformed
                }
            }
        }
        guard let digest else { return .withoutDigest }
        guard let value = Digest(hex: digest) else { return .unacceptable }
        return .digest(value, localhost: localhost)
    }

    /// True if there is a `sha256=`, whatever follows it: then `/items/…` is a file's name (row 2).
    package static func hasDigestParameter(_ query: UnsafeRawBufferPointer?) -> Bool {
        guard let query else { return false }
        for parameter in Parameters(query) where parameter.name.equals("sha256") { return true }
        return false
    }
}

/// The parts of a query that have exactly one `=`.
private struct Parameters: Sequence, IteratorProtocol {
    private var rest: UnsafeRawBufferPointer

    init(_ query: UnsafeRawBufferPointer) {
        rest = query
    }

    mutating func next() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        while !rest.isEmpty {
            let end = rest.firstIndex(of: ASCII.ampersand) ?? rest.count
            let part = rest.part(0..<end)
            rest = rest.part(Swift.min(end + 1, rest.count)..<rest.count)
            guard let equals = part.firstIndex(of: ASCII.equals) else { continue }
            let value = part.part(equals + 1..<part.count)
            if !value.contains(ASCII.equals) { return (part.part(0..<equals), value) }
        }
        return nil
    }
}
