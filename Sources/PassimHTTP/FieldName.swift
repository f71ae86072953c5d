/// The request fields that mean something to us.
enum FieldName {
    case host
    case connection
    case contentLength
    case transferEncoding
    case expect
    case range
    case ifRange
    case ifNoneMatch
    case ifModifiedSince
    case ifMatch
    case ifUnmodifiedSince
    case wantDigest
    case other

    init(_ name: UnsafeRawBufferPointer) {
        func match(_ text: StaticString, _ field: FieldName) -> FieldName {
            name.equalsIgnoringCase(text) ? field : .other
        }
        self =
            switch name.count {
            case 4: match("host", .host)
            case 5: match("range", .range)
            case 6: match("expect", .expect)
            case 8: match("if-range", .ifRange) == .other ? match("if-match", .ifMatch) : .ifRange
            case 10: match("connection", .connection)
            case 11: match("want-digest", .wantDigest)
            case 13: match("if-none-match", .ifNoneMatch)
            case 14: match("content-length", .contentLength)
            case 17:
                match("transfer-encoding", .transferEncoding) == .other
                    ? match("if-modified-since", .ifModifiedSince) : .transferEncoding
            case 19: match("if-unmodified-since", .ifUnmodifiedSince)
            default: .other
            }
    }
}
