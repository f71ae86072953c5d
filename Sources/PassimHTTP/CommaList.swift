/// The elements of a list field (`#element`, RFC 9110 section 5.6.1): trimmed, empty ones passed over as a
/// recipient must. Only for lists whose elements hold no quoted strings.
struct CommaList: Sequence, IteratorProtocol {
    private var rest: UnsafeRawBufferPointer

    init(_ value: UnsafeRawBufferPointer) {
        rest = value
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        while !rest.isEmpty {
            let end = rest.firstIndex(of: ASCII.comma) ?? rest.count
            let element = rest.part(0..<end).trimmed
            rest = rest.part(Swift.min(end + 1, rest.count)..<rest.count)
            if !element.isEmpty { return element }
        }
        return nil
    }
}
